/**
 * The budget where this market's ledger does not see the money: leases of other markets, and calls on leases that are paid for.
 * What they may come to is taken before anything is sent, and corrected when it is known; what a crash leaves in between
 * counts whole, so that nothing is ever spent twice.
 */
import {
  askApproval,
  callSpendKey,
  concernsCall,
  given,
  leaseSpendKey,
  settleSpend,
  takeSpend,
} from '@openclaw-market/market-core'
import { isMarketError, MarketError } from '@openclaw-market/protocol/errors'
import { costCeiling, costFloor, type Prices } from '@openclaw-market/protocol/money/price'
import type { UnitTotals } from '@openclaw-market/protocol/money/units'
import type { Call, Foreseen } from '../capabilities/capability.ts'
import { runLocal } from '../capabilities/through-market.ts'
import type { Web3 } from '../plugin/web3.ts'
import { findLease } from './find-lease.ts'
import { asksForItself } from './own-backend.ts'
import { nodePrincipal } from './node-principal.ts'
import type { VaultEntry } from './vault.ts'

interface Wish {
  readonly currency: string
  readonly amount: bigint | undefined
  readonly leaseKey?: string
}

/** Where the owner has to approve, the question is put, and its id is what the refusal tells. */
export async function askingOwner<T>(call: Call, wish: Wish, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isMarketError(error) || error.code !== 'E_APPROVAL_REQUIRED') throw error
    throw await asked(call, wish, error)
  }
}

async function asked({ web3, who }: Call, wish: Wish, error: MarketError): Promise<MarketError> {
  try {
    const { currency, amount, leaseKey } = wish
    const wished = { currency, ...given({ amount, leaseKey }) }
    const { approvalId, expiresAt } = await runLocal(web3.market(), askApproval, wished, who)
    const until = new Date(expiresAt).toISOString()
    return new MarketError(error.code, error.message, {
      details: { ...error.details, approvalId, expiresAt: until },
      hint: `Once the owner has said /allowance approve ${approvalId}, repeat it with exactly the same parameters. ${error.hint ?? ''}`,
    })
  } catch (failure) {
    // Nobody can be asked now, or it was denied meanwhile: what it lacked is the answer all the same.
    if (isMarketError(failure) && failure.code !== 'E_CONFLICT') return failure
    return error
  }
}

/** Before a lease is asked for elsewhere. @throws MarketError E_QUOTA_EXCEEDED, E_FORBIDDEN, E_APPROVAL_REQUIRED */
export async function takeLeaseSpend(
  { web3, who }: Call,
  { tokenHash, currency, maxCost }: VaultEntry,
): Promise<void> {
  if (currency === undefined) throw new Error('a lease without a currency')
  const spendKey = leaseSpendKey(tokenHash)
  const amount = given({ amount: maxCost })
  await runLocal(web3.market(), takeSpend, { what: 'lease_elsewhere', spendKey, currency, ...amount }, who)
}

/** What it came to; what nobody can tell stays counted whole, and is tried again with the next tending. */
export async function settleLeaseSpend(web3: Web3, tokenHash: string, cost: bigint): Promise<void> {
  await settle(web3, leaseSpendKey(tokenHash), cost)
}

async function settle(web3: Web3, spendKey: string, cost: bigint): Promise<void> {
  const market = web3.market()
  try {
    await runLocal(market, settleSpend, { spendKey, cost }, nodePrincipal(market))
  } catch (error) {
    const gone = isMarketError(error) && (error.code === 'E_NOT_FOUND' || error.code === 'E_CONFLICT')
    if (!gone) web3.report('settling a spend', error)
  }
}

export interface CallSpend {
  /**
   * @param cost undefined: nobody knows, and the most that it can come to stays counted
   * @param used by our own count or in agreement with it: whatever is said of the cost, it came to as much as that
   */
  settle(cost: bigint | undefined, used?: UnitTotals): Promise<void>
}

const free: CallSpend = { settle: async () => undefined }

/**
 * Takes what a call on a lease may come to, from whoever has not paid for it with the lease.
 * @param demand the most that it uses; undefined when that cannot be known: then it may use up the lease
 */
export async function takeCallSpend(
  call: Call,
  entry: VaultEntry & { readonly leaseId: string },
  requestId: string,
  demand: UnitTotals | undefined,
): Promise<CallSpend> {
  const { web3, who } = call
  const { currency } = entry
  if (currency === undefined) {
    if (asksForItself(call)) return free
    throw unpriced()
  }
  const leaseKey = leaseSpendKey(entry.tokenHash)
  const market = web3.market()
  const concerned = await market.store.read({ as: 'market' }, (tx) =>
    concernsCall(tx, who, { currency, leaseKey }),
  )
  if (!concerned) return free
  const { amount, prices = [] } = (await priced(web3, entry, demand)) ?? {}
  const wish = { currency, amount, leaseKey }
  const spendKey = callSpendKey(entry.leaseId, requestId)
  const taking = { what: 'call' as const, spendKey, currency, leaseKey, ...given({ amount }) }
  await askingOwner(call, wish, () => runLocal(market, takeSpend, taking, who))
  return {
    settle: async (cost, used = {}) => {
      if (cost === undefined) return
      const least = costFloor(prices, used)
      await settle(web3, spendKey, cost > least ? cost : least)
    },
  }
}

/** What a call would take if the first of these leases serves it. */
export async function foreseenOf(
  web3: Web3,
  leases: readonly VaultEntry[],
  demand: UnitTotals | undefined,
): Promise<Foreseen | undefined> {
  const [entry] = leases
  if (entry?.currency === undefined) return undefined
  return {
    currency: entry.currency,
    amount: (await priced(web3, entry, demand))?.amount,
    leaseKey: leaseSpendKey(entry.tokenHash),
    target: `${entry.label ?? entry.kind}, ${entry.market}`,
  }
}

interface Priced {
  /** Never more than is left of the lease. */
  readonly amount: bigint
  readonly prices: Prices
}

/** Undefined when its market does not say. */
async function priced(
  web3: Web3,
  entry: VaultEntry,
  demand: UnitTotals | undefined,
): Promise<Priced | undefined> {
  try {
    const lease = await findLease(web3, entry)
    if (lease === undefined) return undefined
    const { remaining, prices } = lease
    const ceiling = demand === undefined ? remaining : costCeiling(prices, demand)
    return { amount: ceiling < remaining ? ceiling : remaining, prices }
  } catch (error) {
    if (isMarketError(error)) return undefined
    throw error
  }
}

/** Of a lease that was taken before its currency was kept. */
function unpriced(): MarketError {
  return new MarketError('E_FORBIDDEN', 'only the owner may use this lease: its currency is not known', {
    details: { rule: 'owner-only', effect: 'money', amount: 'unknown', limit: '0' },
    hint: 'The owner asks for it itself, or takes a new lease.',
  })
}
