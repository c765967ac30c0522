/** Random postings, and a ledger to put them into: the pure rules over a map, or `post` over a real store. */
import fc from 'fast-check'
import type { Account, CreditLine, Transfer } from '@openclaw-market/protocol/entities/money'
import { Accounts, Transfers, transferReasons } from '@openclaw-market/protocol/entities/money'
import { isMarketError } from '@openclaw-market/protocol/errors'
import { idSource } from '@openclaw-market/protocol/ids'
import type { AccountRef, HoldChange, Movement } from '@openclaw-market/protocol/operation'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId, mostAmount } from '@openclaw-market/protocol/schema/scalars'
import {
  available,
  credit,
  escrow,
  outside,
  payout,
} from '../../extensions/market-core/src/ledger/account.ts'
import { applyPosting, type Posting } from '../../extensions/market-core/src/ledger/apply.ts'
import { post } from '../../extensions/market-core/src/ledger/post.ts'
import { every } from '../../extensions/market-core/src/market/every.ts'
import type { MarketStore } from '../../extensions/market-core/src/store/store.ts'
import type { Verdict } from './oracle.ts'
import { upTo } from './search.ts'

const actor = (n: number): ActorId => codec(ActorId).decode(`0x${n.toString(16).padStart(40, '0')}`)
const [ann, bob] = [actor(1), actor(2)]

export const currencies = ['USDC', 'EURC'] as const

/** What bob lends to ann. */
const lineIn = (currency: string): CreditLine => ({
  rev: 0,
  creditLineId: newIds().next('line'),
  providerActorId: bob,
  consumerActorId: ann,
  currency,
  ceiling: 100n,
  maxRequestsPerMinute: 1,
  graceMs: 0,
  status: 'credit_open',
  createdAt: 0,
})
const refs: readonly AccountRef[] = currencies.flatMap((currency) => [
  outside(currency),
  available(ann, currency),
  available(bob, currency),
  escrow('stl_1', currency, ann),
  escrow('stl_2', currency, bob),
  payout('pay_1', currency, bob),
  credit(lineIn(currency)),
])

const amount = fc.oneof(
  { weight: 60, arbitrary: fc.bigInt(0n, 40n) },
  { weight: 20, arbitrary: fc.bigInt(0n, 10n ** 20n) },
  { weight: 2, arbitrary: upTo(mostAmount) },
  { weight: 1, arbitrary: fc.bigInt(-3n, 0n) },
)

function postingIn(currency: (typeof currencies)[number]): fc.Arbitrary<Posting> {
  const ref = fc.constantFrom(...refs.filter((each) => each.currency === currency))
  const reference = fc.constant('reference')
  const movement: fc.Arbitrary<Movement> = fc.record({
    debit: ref,
    // Now and then across currencies, or to itself.
    credit: fc.oneof({ weight: 30, arbitrary: ref }, { weight: 1, arbitrary: fc.constantFrom(...refs) }),
    amount,
    reason: fc.constantFrom(...transferReasons),
    reference,
  })
  // Money comes in often, so that the rest has something to move.
  const grant: fc.Arbitrary<Movement> = fc.record({
    debit: fc.constant(outside(currency)),
    credit: ref,
    amount,
    reason: fc.constant('deposit'),
    reference,
  })
  const hold: fc.Arbitrary<HoldChange> = fc.oneof(
    fc.record({ op: fc.constant('hold'), account: ref, amount }),
    fc.record({ op: fc.constant('resolve'), account: ref, amount, posted: amount }),
    // All of it posted, as a call that used its whole reserve.
    fc.record({ op: fc.constant('resolve'), account: ref, amount, posted: amount }).map((each) => ({
      ...each,
      posted: each.amount,
    })),
  )
  return fc.record({
    movements: fc.array(fc.oneof(movement, { weight: 2, arbitrary: grant }), { maxLength: 3 }),
    holds: fc.array(hold, { maxLength: 2 }),
  })
}

export const posting: fc.Arbitrary<Posting> = fc.constantFrom(...currencies).chain(postingIn)

export interface Ledger {
  readonly accounts: readonly Account[]
  readonly transfers: readonly Transfer[]
}

export interface Kept extends Ledger {
  readonly verdicts: readonly Verdict[]
}

function newIds() {
  return idSource(
    () => 0,
    (bytes) => void bytes.fill(1),
  )
}

/** @param look at the accounts after each posting */
export function keepPurely(history: readonly Posting[], look: (now: Kept) => void): Kept {
  const ids = newIds()
  const accounts = new Map<string, Account>()
  const transfers: Transfer[] = []
  const verdicts: Verdict[] = []
  const now = (): Kept => ({ accounts: [...accounts.values()], transfers, verdicts })
  for (const each of history) {
    try {
      const posted = applyPosting(each, accounts, 0, ids)
      for (const account of posted.accounts) accounts.set(account.accountId, account)
      transfers.push(...posted.transfers)
      verdicts.push('kept')
    } catch (error) {
      verdicts.push(verdictOf(error))
    }
    look(now())
  }
  return now()
}

/** Each posting in a write of its own; all of them wait together, so that many share a commit and some are undone in it. */
export async function keepInStore(store: MarketStore, history: readonly Posting[]): Promise<Kept> {
  const ids = newIds()
  const writes = history.map((each) => store.write((tx) => post(tx, each, 0, ids)))
  const verdicts = (await Promise.allSettled(writes)).map((each) =>
    each.status === 'fulfilled' ? 'kept' : verdictOf(each.reason),
  )
  return store.read({ as: 'market' }, async (tx) => {
    const [accounts, transfers]: [Account[], Transfer[]] = [[], []]
    for await (const account of every(tx, Accounts, { order: 'oldest' })) accounts.push(account)
    for await (const transfer of every(tx, Transfers, { order: 'oldest' })) transfers.push(transfer)
    return { accounts, transfers, verdicts }
  })
}

function verdictOf(error: unknown): Verdict {
  if (!isMarketError(error)) return 'defect'
  switch (error.code) {
    case 'E_INSUFFICIENT_FUNDS':
    case 'E_CONFLICT':
    case 'E_INVALID_ARGUMENT':
      return error.code
    default:
      throw error
  }
}
