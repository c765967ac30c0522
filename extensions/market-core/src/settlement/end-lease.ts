/**
 * How a lease ends and its money goes home (DESIGN §8.6). Pure: every way in (complete, revoke, expiry, the last open
 * call, the last unknown call, the end of the window) comes through here, so the money rule stands in one place.
 *
 *   escrow = held (open and unknown calls) + committed (metered, not released) + unused
 *
 * Ending stops admission. When no call is open any more the unused part returns at once. What was metered is released at
 * once when the consumer has accepted it (complete), else when the dispute window is over. What unknown calls hold stays
 * until they resolve, at the latest at the window's end.
 *
 * Post-paid (DESIGN §9) it is the same escrow, filled from a credit line: the unused part returns to the line, and what was
 * metered is released when its consumer has paid as much into the line, in the same write. While its money does not reach,
 * the escrow keeps what is owed, and the line stays drawn by it.
 */
import type { Lease } from '@openclaw-market/protocol/entities/lease'
import type { CreditLine, Settlement } from '@openclaw-market/protocol/entities/money'
import { effectivePolicy } from '@openclaw-market/protocol/entities/resource'
import type { Movement } from '@openclaw-market/protocol/operation'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { transition } from '@openclaw-market/protocol/states/machine'
import { leaseMachine, settlementMachine, type LeaseStatus } from '@openclaw-market/protocol/states/tables'
import { refundOf, releaseOf } from './movements.ts'

export interface Ending {
  readonly reason: NonNullable<Lease['endReason']>
  readonly by: ActorId
  readonly note?: string
}

/** What a post-paid lease draws on, and what its consumer could pay at this moment. */
export interface Credit {
  readonly line: CreditLine
  readonly payable: bigint
}

export interface LeaseMoney {
  readonly lease: Lease
  readonly settlement: Settlement
  /** Post-paid. */
  readonly credit: Credit | undefined
}

export interface Closing {
  readonly lease: Lease
  readonly settlement: Settlement
  readonly movements: readonly Movement[]
}

const endState: Readonly<Record<Ending['reason'], LeaseStatus>> = {
  completed: 'lease_completed',
  revoked: 'lease_revoked',
  expired: 'lease_expired',
}

/** Stops admission. Open calls may drain for as long as one call may take; then the market closes over them. */
export function beginEnding(lease: Lease, { reason, by, note }: Ending, now: number): Lease {
  return {
    ...lease,
    status: transition(leaseMachine, lease.status, 'lease_ending', `lease ${lease.leaseId}`),
    endReason: reason,
    endedBy: by,
    ...(note === undefined ? {} : { endNote: note }),
    endingAt: now,
    dueAt: now + effectivePolicy(lease.policy).maxCallMs,
  }
}

/** Carries an ending on as far as it can go now: nothing while calls are open, the end when they are not. */
export function settleLease(
  { lease, settlement, credit }: LeaseMoney,
  windowMs: number,
  now: number,
): Closing {
  if (lease.status === 'lease_active' || lease.openCalls > 0) return { lease, settlement, movements: [] }
  // Settled or owed already: what is left is an unknown call whose reserve was billed whole, and it moves nothing any more.
  if (settlement.status !== 'settlement_locked') return { lease, settlement, movements: [] }
  const ended = lease.status === 'lease_ending' ? finish(lease, now) : lease
  const first = settlement.closesAt === undefined
  const closesAt = settlement.closesAt ?? now + (accepted(ended) && ended.unknownCalls === 0 ? 0 : windowMs)
  const money = moves({ lease: ended, settlement, credit }, first, closesAt, now)
  return { lease: ended, ...money }
}

function finish(lease: Lease, now: number): Lease {
  const { dueAt: _drained, ...rest } = lease
  const status = transition(
    leaseMachine,
    lease.status,
    endState[lease.endReason ?? 'expired'],
    `lease ${lease.leaseId}`,
  )
  return { ...rest, status, endedAt: now }
}

export function accepted(lease: Lease): boolean {
  return lease.status === 'lease_completed'
}

function moves(
  { lease, settlement, credit }: LeaseMoney,
  first: boolean,
  closesAt: number,
  now: number,
): Pick<Closing, 'settlement' | 'movements'> {
  const due = accepted(lease) || now >= closesAt
  const earned = due ? lease.metered - settlement.releasedSoFar : 0n
  const release = credit === undefined || earned <= credit.payable ? earned : 0n
  const returnable = settlement.locked - settlement.refundedSoFar - lease.metered - lease.reserved
  const releasedSoFar = settlement.releasedSoFar + release
  const refundedSoFar = settlement.refundedSoFar + returnable
  const over = releasedSoFar + refundedSoFar === settlement.locked
  const become = (status: Settlement['status']): Settlement['status'] =>
    transition(settlementMachine, settlement.status, status, `settlement ${settlement.settlementId}`)
  const { dueAt: _due, ...rest } = settlement
  const next: Settlement = {
    ...rest,
    releasedSoFar,
    refundedSoFar,
    closesAt,
    ...(over
      ? { status: become(releasedSoFar > 0n ? 'settlement_released' : 'settlement_refunded'), settledAt: now }
      : credit !== undefined && due && lease.reserved === 0n
        ? { status: become('settlement_owed'), ...until(now + credit.line.graceMs) }
        : { dueAt: closesAt }),
  }
  const memo = first ? 'unused' : 'reserve of an unknown call'
  return {
    settlement: next,
    movements: [
      ...releaseOf(settlement, release, credit?.line),
      ...refundOf(settlement, returnable, memo, credit?.line),
    ],
  }
}

function until(payBy: number): Pick<Settlement, 'payBy' | 'dueAt'> {
  return { payBy, dueAt: payBy }
}
