/** Post-paid leases: on whose credit, and what becomes of what is owed. */
import { isTerminal } from '@openclaw-market/protocol/states/machine'
import { leaseMachine } from '@openclaw-market/protocol/states/tables'
import type { LeaseFacts } from './facts.ts'
import { agree, all, exactlyWhen, rules, same } from './findings.ts'

export const owedRules = rules<LeaseFacts>({
  'lease.line': ({ lease, line }) => {
    if (lease.creditLineId === undefined) return true
    if (line === undefined) return `there is no ${lease.creditLineId}`
    return agree(['providerActorId', 'consumerActorId', 'currency'], line, lease)
  },
  'drawing.times': ({ lease, line }) =>
    line === undefined ||
    all(
      lease.createdAt >= line.createdAt || 'is older than its credit line',
      line.closedAt === undefined || lease.createdAt <= line.closedAt || 'draws on a line that was closed',
    ),
  'settlement.owed': ({ lease, settlement }) => {
    const { status, creditLineId, releasedSoFar, closesAt = Infinity } = settlement
    const owed = status === 'settlement_owed' || status === 'settlement_defaulted'
    if (!owed) {
      // Ended, accepted or out of its window, and nothing is held any more: then it is paid, or owed.
      const waits = lease.reserved > 0n || lease.status !== 'lease_completed'
      const ended = isTerminal(leaseMachine, lease.status)
      return status !== 'settlement_locked' || !ended || waits || 'is neither paid nor owed'
    }
    return all(
      creditLineId !== undefined || 'is owed, and was paid beforehand',
      isTerminal(leaseMachine, lease.status) || 'is owed before its lease has ended',
      same('reserved', lease.reserved, 0n),
      releasedSoFar < lease.metered || 'is owed, and all of it is paid',
      lease.status === 'lease_completed' ||
        (settlement.payBy ?? -Infinity) >= closesAt ||
        'is owed before its window was over',
    )
  },
  'settlement.default': ({ settlement }) => {
    const { status, payBy, defaultedAt } = settlement
    const paid = status === 'settlement_released'
    return all(
      status !== 'settlement_owed' || payBy !== undefined || 'is owed without a time to pay by',
      paid ||
        exactlyWhen(
          'defaultedAt',
          defaultedAt !== undefined,
          status === 'settlement_defaulted',
          'it is defaulted',
        ),
      defaultedAt === undefined ||
        defaultedAt >= (payBy ?? Infinity) ||
        'is defaulted before its time was over',
    )
  },
  'owed.times': ({ lease, settlement: { payBy, defaultedAt, settledAt }, line }) =>
    all(
      payBy === undefined ||
        line === undefined ||
        payBy >= (lease.endedAt ?? Infinity) + line.graceMs ||
        'is to be paid sooner than agreed',
      settledAt === undefined ||
        defaultedAt === undefined ||
        settledAt >= defaultedAt ||
        'was settled before it was defaulted',
    ),
})
