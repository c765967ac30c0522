/**
 * The budget where this market's ledger does not see the money: leases of other markets, and calls on leases that are paid for.
 * What they may come to is taken before anything is sent, and corrected when it is known; what a crash leaves in between
 * counts whole, so that nothing is ever spent twice.
 */
import {
  askApproval,
  callSpendKey,
  concernsCall,
  costOfKeeping,
  given,
  leaseSpendKey,
  settleSpend,
  takeSpend,
} from '@openclaw-market/market-core'
import { isMarketError, MarketError } from '@openclaw-market/protocol/errors'
import type { LeaseId } from '@openclaw-market/protocol/ids'
import { costCeiling, costFloor, type Prices } from '@openclaw-market/protocol/money/price'
import type { UnitTotals } from '@openclaw-market/protocol/money/units'
import type { Call, Foreseen } from '../capabilities/capability.ts'
import { runLocal } from '../capabilities/through-market.ts'
import type { Web3 } from '../plugin/web3.ts'
import { findLease } from './find-lease.ts'
import { asksForItself } from './own-backend.ts'
import { leaseStatus } from './lease-status.ts'
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
  await settleSpendOf(web3, leaseSpendKey(tokenHash), cost)
}

export async function settleSpendOf(web3: Web3, spendKey: string, cost: bigint): Promise<void> {
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
  /** Its provider has answered that it did nothing: it came to what it is billed for all the same. */
  refused(claimed: Claimed): Promise<void>
}

/** What an answer says that a call has cost and used. */
export interface Claimed {
  readonly cost?: bigint | undefined
  readonly used?: UnitTotals | undefined
}

const free: CallSpend = { settle: async () => undefined, refused: async () => undefined }

export interface Demand {
  /** The most that the call uses; undefined when that cannot be known: then it may use up the lease. */
  readonly uses: UnitTotals | undefined
  /** Bytes that are kept from then on, and billed for as long as the lease lasts. */
  readonly keeps?: bigint
}

/** Takes what a call on a lease may come to, from whoever has not paid for it with the lease. */
export async function takeCallSpend(
  call: Call,
  entry: VaultEntry & { readonly leaseId: LeaseId },
  requestId: string,
  demand: Demand,
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
  const { amount, prices = [], keeping = 0n } = (await priced(web3, entry, demand)) ?? {}
  const wish = { currency, amount, leaseKey }
  const spendKey = callSpendKey(entry.leaseId, requestId)
  const taking = { what: 'call' as const, spendKey, currency, leaseKey, ...given({ amount }) }
  await askingOwner(call, wish, () => runLocal(market, takeSpend, taking, who))
  return {
    settle: async (cost, used = {}) => {
      if (cost === undefined) return
      const least = costFloor(prices, used)
      await settleSpendOf(web3, spendKey, larger(cost, least) + keeping)
    },
    refused: async ({ cost: claimed = 0n, used = {} }) => {
      const recorded = await recordedCost(web3, entry.leaseId, requestId)
      if (recorded === undefined) return
      await settleSpendOf(web3, spendKey, larger(larger(claimed, recorded), costFloor(prices, used)))
    },
  }
}

/** What a call would take if the first of these leases serves it. */
export async function foreseenOf(
  web3: Web3,
  leases: readonly VaultEntry[],
  demand: Demand,
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
  /** The part of it that is not billed with the call. */
  readonly keeping: bigint
}

/** Undefined when its market does not say. */
async function priced(
  web3: Web3,
  entry: VaultEntry,
  { uses, keeps = 0n }: Demand,
): Promise<Priced | undefined> {
  try {
    const lease = await findLease(web3, entry)
    if (lease === undefined) return undefined
    const { remaining, prices, expiresAt } = lease
    const keeping = costOfKeeping(prices, keeps, expiresAt - web3.now())
    const ceiling = uses === undefined ? remaining : costCeiling(prices, uses) + keeping
    return { amount: ceiling < remaining ? ceiling : remaining, prices, keeping }
  } catch (error) {
    if (isMarketError(error)) return undefined
    throw error
  }
}

/** What its market has on record for a call: nothing where there is no record, undefined when it does not say. */
async function recordedCost(web3: Web3, leaseId: LeaseId, requestId: string): Promise<bigint | undefined> {
  try {
    const { records } = await leaseStatus(web3, leaseId)
    return records.find((each) => each.requestId === requestId)?.cost ?? 0n
  } catch (error) {
    if (isMarketError(error)) return undefined
    throw error
  }
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

/** Of a lease that was taken before its currency was kept. */
function unpriced(): MarketError {
  return new MarketError('E_FORBIDDEN', 'only the owner may use this lease: its currency is not known', {
    details: { rule: 'owner-only', effect: 'money', amount: 'unknown', limit: '0' },
    hint: 'The owner asks for it itself, or takes a new lease.',
  })
}
