import { CreditLines, Payouts, Settlements, type Settlement } from '@openclaw-market/protocol/entities/money'
import { Leases, type Lease } from '@openclaw-market/protocol/entities/lease'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import type { Static } from '@sinclair/typebox'
import { closed, RunningTotal, type ActorId } from '@openclaw-market/protocol/schema/scalars'
import { drawnOf } from '../credit/load.ts'
import { leftOf } from '../credit/view.ts'
import { every } from '../every.ts'

export const Money = closed({
  held: RunningTotal,
  owed: RunningTotal,
  owing: RunningTotal,
  credit: closed({ ceiling: RunningTotal, drawn: RunningTotal, left: RunningTotal }),
  pendingPayouts: RunningTotal,
})
type Money = Static<typeof Money>

const unsettled = ['settlement_locked', 'settlement_owed', 'settlement_defaulted'] as const

/**
 * - `held`: this actor's money, locked in its unsettled leases: unused, reserved, or metered and not yet released
 * - `owed`: earned by this actor in unsettled leases and not yet released
 * - `owing`: used by this actor in post-paid leases and not yet paid
 * - `credit`: of the lines that this actor may draw on, what was granted, what is drawn, and what new leases may lock
 * - `pendingPayouts`: withdrawn and not yet paid
 */
export async function moneyOf(tx: ReadTx, actorId: ActorId, currency: string): Promise<Money> {
  let held = 0n
  let owed = 0n
  let owing = 0n
  let pendingPayouts = 0n
  const unpaid = async (s: Settlement): Promise<bigint> => {
    const lease = await tx.get(Leases, s.leaseId)
    return lease === undefined ? 0n : owedFor(s, lease)
  }
  for (const status of unsettled) {
    for await (const s of every(tx, Settlements, { where: { status, payerActorId: actorId } })) {
      if (s.currency !== currency) continue
      if (s.creditLineId === undefined) held += s.locked - s.releasedSoFar - s.refundedSoFar
      else owing += await unpaid(s)
    }
    for await (const s of every(tx, Settlements, { where: { status, payeeActorId: actorId } })) {
      if (s.currency === currency) owed += await unpaid(s)
    }
  }
  for await (const p of every(tx, Payouts, { where: { actorId, status: 'payout_pending' } })) {
    if (p.currency === currency) pendingPayouts += p.amount
  }
  return { held, owed, owing, credit: await creditFor(tx, actorId, currency), pendingPayouts }
}

async function creditFor(tx: ReadTx, consumerActorId: ActorId, currency: string): Promise<Money['credit']> {
  const credit = { ceiling: 0n, drawn: 0n, left: 0n }
  for await (const line of every(tx, CreditLines, { where: { consumerActorId } })) {
    if (line.currency !== currency) continue
    const drawn = await drawnOf(tx, line)
    if (line.status === 'credit_open') credit.ceiling += line.ceiling
    credit.drawn += drawn
    credit.left += leftOf(line, drawn)
  }
  return credit
}

/** What the provider of a lease has earned by it and does not have yet: nothing when all is settled. */
export function owedFor({ releasedSoFar }: Settlement, { metered }: Lease): bigint {
  return metered - releasedSoFar
}
