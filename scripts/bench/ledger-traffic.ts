/** The transfers of the ledger bench: each writer moves one base unit at a time from its account into its escrow. */
import { randomFillSync } from 'node:crypto'
import { Accounts, type Account } from '@openclaw-market/protocol/entities/money'
import { idSource } from '@openclaw-market/protocol/ids'
import type { AccountRef, Movement } from '@openclaw-market/protocol/operation'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { codec } from '@openclaw-market/protocol/schema/codec'
import {
  accountId,
  available,
  balanceOf,
  escrow,
  outside,
} from '../../extensions/market-core/src/ledger/account.ts'
import type { Posting } from '../../extensions/market-core/src/ledger/apply.ts'
import { post } from '../../extensions/market-core/src/ledger/post.ts'
import type { MarketStore } from '../../extensions/market-core/src/store/store.ts'

const currency = 'USDC'
const funds = 10n ** 12n
export const writers = 64
export const ids = idSource(Date.now, (bytes) => void randomFillSync(bytes))

interface Lane {
  readonly payer: AccountRef
  readonly escrow: AccountRef
  readonly posting: Posting
}

const lanes: readonly Lane[] = Array.from({ length: writers }, (_, writer) => {
  const actorId = codec(ActorId).decode(`0x${(writer + 1).toString(16).padStart(40, '0')}`)
  const settlementId = ids.next('stl')
  const lane = { payer: available(actorId, currency), escrow: escrow(settlementId, currency, actorId) }
  return {
    ...lane,
    posting: one({ debit: lane.payer, credit: lane.escrow, amount: 1n, reference: settlementId }),
  }
})

function one(movement: Omit<Movement, 'reason'>, reason: Movement['reason'] = 'lock'): Posting {
  return { movements: [{ ...movement, reason }], holds: [] }
}

/** What a writer's next transfer posts. */
export function postingOf(writer: number): Posting {
  const lane = lanes[writer]
  if (lane === undefined) throw new Error(`there is no writer ${writer}`)
  return lane.posting
}

/** Makes every account: funds for each writer, and its escrow with the first unit in it. */
export async function seed(store: MarketStore): Promise<void> {
  for (const { payer, posting } of lanes) {
    const deposit = { debit: outside(currency), credit: payer, amount: funds, reference: ids.next('dep') }
    await store.write(async (tx) => {
      await post(tx, one(deposit, 'deposit'), Date.now(), ids)
      await post(tx, posting, Date.now(), ids)
    })
  }
}

/** Every account of the lanes as it is stored. */
export function readAccounts(store: MarketStore): Promise<ReadonlyMap<string, Account>> {
  return store.read({ as: 'market' }, async (tx) => {
    const accounts = new Map<string, Account>()
    for (const ref of lanes.flatMap((lane) => [lane.payer, lane.escrow])) {
      const account = await tx.get(Accounts, accountId(ref))
      if (account !== undefined) accounts.set(account.accountId, account)
    }
    return accounts
  })
}

/** @throws when a store does not hold exactly `transfers` of them: what was fast was then not a ledger. */
export async function checkBooks(store: MarketStore, transfers: number): Promise<void> {
  const accounts = await readAccounts(store)
  const sum = (of: (lane: Lane) => AccountRef): bigint =>
    lanes.reduce((total, lane) => {
      const account = accounts.get(accountId(of(lane)))
      return total + (account === undefined ? 0n : balanceOf(account))
    }, 0n)
  const moved = BigInt(transfers + writers)
  const [left, held] = [sum((lane) => lane.payer), sum((lane) => lane.escrow)]
  if (held !== moved || left !== funds * BigInt(writers) - moved) {
    throw new Error(`the ${store.backend} ledger holds ${held} of ${moved} transfers, and ${left} is left`)
  }
}
