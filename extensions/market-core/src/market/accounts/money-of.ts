import { Payouts, Settlements, type Settlement } from '@openclaw-market/protocol/entities/money'
import { Leases, type Lease } from '@openclaw-market/protocol/entities/lease'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { every } from '../every.ts'

/**
 * - `held`: locked in this actor's unsettled leases: unused, reserved, or metered and not yet released
 * - `owed`: earned by this actor in unsettled leases and not yet released
 * - `pendingPayouts`: withdrawn and not yet paid
 */
export async function moneyOf(
  tx: ReadTx,
  actorId: ActorId,
  currency: string,
): Promise<{ held: bigint; owed: bigint; pendingPayouts: bigint }> {
  let held = 0n
  let owed = 0n
  let pendingPayouts = 0n
  const unsettled = { status: 'settlement_locked' } as const
  for await (const s of every(tx, Settlements, { where: { ...unsettled, payerActorId: actorId } })) {
    if (s.currency === currency) held += s.locked - s.releasedSoFar - s.refundedSoFar
  }
  for await (const s of every(tx, Settlements, { where: { ...unsettled, payeeActorId: actorId } })) {
    if (s.currency !== currency) continue
    const lease = await tx.get(Leases, s.leaseId)
    if (lease !== undefined) owed += owedFor(s, lease)
  }
  for await (const p of every(tx, Payouts, { where: { actorId, status: 'payout_pending' } })) {
    if (p.currency === currency) pendingPayouts += p.amount
  }
  return { held, owed, pendingPayouts }
}

/** What the provider of a lease has earned by it and does not have yet. */
export function owedFor({ status, releasedSoFar }: Settlement, { metered }: Lease): bigint {
  return status === 'settlement_locked' ? metered - releasedSoFar : 0n
}
