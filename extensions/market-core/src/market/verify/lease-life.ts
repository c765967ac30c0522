/** How a lease lives: its times, its ending, what storage accrues, and the events that it has left. */
import { effectivePolicy } from '@openclaw-market/protocol/entities/resource'
import type { LeaseStatus } from '@openclaw-market/protocol/states/tables'
import { isTerminal } from '@openclaw-market/protocol/states/machine'
import { leaseMachine } from '@openclaw-market/protocol/states/tables'
import { byteMsPerGbDay } from '../leases/accrue.ts'
import { accrualIntervalMs, accrues } from '../leases/due.ts'
import { LeaseTtl } from '../leases/ttl.ts'
import type { LeaseFacts } from './facts.ts'
import { all, exactlyWhen, rules, same } from './findings.ts'

/** Why a lease of this status ends or has ended; an ending one is on its way to any of them. */
const reasons: Readonly<Record<LeaseStatus, readonly (string | undefined)[]>> = {
  lease_active: [undefined],
  lease_ending: ['completed', 'revoked', 'expired'],
  lease_completed: ['completed'],
  lease_revoked: ['revoked'],
  lease_expired: ['expired'],
}

export const lifeRules = rules<LeaseFacts>({
  'lease.times': ({ lease: { createdAt, expiresAt, endingAt, endedAt, status } }) => {
    const ttl = expiresAt - createdAt
    return all(
      (ttl >= (LeaseTtl.minimum ?? 0) && ttl <= (LeaseTtl.maximum ?? Infinity)) || `lasts ${ttl} ms`,
      exactlyWhen('endingAt', endingAt !== undefined, status !== 'lease_active', 'it is ending'),
      exactlyWhen('endedAt', endedAt !== undefined, isTerminal(leaseMachine, status), 'it has ended'),
      endingAt === undefined || endingAt >= createdAt || 'was ending before it was made',
      endedAt === undefined || endedAt >= (endingAt ?? 0) || 'has ended before it was ending',
    )
  },
  'lease.ending': ({ lease }) => {
    const { status, endReason, endedBy, endNote, endingAt, expiresAt } = lease
    return all(
      reasons[status].includes(endReason) || `is ${status}, and the reason is ${endReason ?? 'absent'}`,
      exactlyWhen('endedBy', endedBy !== undefined, status !== 'lease_active', 'it is ending'),
      endNote === undefined || status !== 'lease_active' || 'says why it ended, and runs',
      endReason !== 'completed' || same('endedBy', endedBy, lease.consumerActorId),
      endReason !== 'revoked' ||
        endedBy === lease.consumerActorId ||
        endedBy === lease.providerActorId ||
        'was revoked by neither party',
      // Storage may have used up the budget before the time was over.
      endReason !== 'expired' ||
        endNote !== undefined ||
        (endingAt ?? 0) >= expiresAt ||
        'has expired before its time',
    )
  },
  'lease.due': ({ lease: { status, dueAt, endingAt, expiresAt, accruedAt, policy } }) => {
    if (isTerminal(leaseMachine, status)) return same('dueAt', dueAt, undefined)
    if (status === 'lease_ending')
      return same('dueAt', dueAt, (endingAt ?? 0) + effectivePolicy(policy).maxCallMs)
    if (accruedAt === undefined) return same('dueAt', dueAt, expiresAt)
    const latest = Math.min(expiresAt, accruedAt + accrualIntervalMs)
    return (dueAt ?? Infinity) <= latest || `is due at ${dueAt ?? 'no time'}, should be by ${latest}`
  },
  'lease.drained': ({ lease }) =>
    lease.status === 'lease_active' ||
    (lease.status === 'lease_ending') === lease.openCalls > 0 ||
    `is ${lease.status} with ${lease.openCalls} open calls`,
  'lease.concurrent': ({ lease: { openCalls, policy } }) => {
    const { maxConcurrent } = effectivePolicy(policy)
    return openCalls <= maxConcurrent || `has ${openCalls} open calls, and ${maxConcurrent} are allowed`
  },
  'lease.stored': ({ lease }) => {
    const { kind, prices, storedBytes, byteMs, accruedAt, totals } = lease
    const accruing = kind === 'storage' && accrues(prices)
    return all(
      exactlyWhen('storedBytes', storedBytes !== undefined, kind === 'storage', 'it is storage'),
      exactlyWhen('byteMs', byteMs !== undefined, accruing, 'it charges by gb_day'),
      exactlyWhen('accruedAt', accruedAt !== undefined, accruing, 'it charges by gb_day'),
      accruedAt === undefined ||
        (accruedAt >= lease.createdAt && accruedAt <= lease.expiresAt) ||
        'has accrued outside its time',
      (totals.gb_day ?? 0n) <= (byteMs ?? 0n) / byteMsPerGbDay ||
        `has billed ${totals.gb_day ?? 0n} gb_days of ${byteMs ?? 0n} byte-milliseconds`,
    )
  },
  'lease.events': ({ lease, records, calls, recordsOf, told }) => {
    const times = (type: string): number => told.get(`market.${type}`) ?? 0
    const called = records.filter(({ callId }) => callId !== undefined).length
    const lapsed = calls.filter(
      ({ callId, status }) =>
        status === 'call_failed' && recordsOf.get(callId)?.at(-1)?.outcome === 'unknown',
    ).length
    const ends = {
      completed: times('lease.complete'),
      revoked: times('lease.revoke'),
      expired: times('lease.expire'),
    }
    const by = (reason: keyof typeof ends): true | string => {
      const spent = reason === 'expired' && lease.endReason === 'expired' && ends.expired === 0
      if (spent) return times('lease.accrue') > 0 || 'nobody has told that it ended'
      return same(`endings as ${reason} told`, ends[reason], lease.endReason === reason ? 1 : 0)
    }
    const accruals = times('lease.accrue') + ends.completed + ends.revoked + ends.expired
    return all(
      same('issues told', times('lease.issue'), 1),
      by('completed'),
      by('revoked'),
      by('expired'),
      same('usage told', times('ledger.append'), called),
      same('lapsed calls told', times('call.lapse'), lapsed),
      times('call.open') >= lease.openCalls || `only ${times('call.open')} calls are told to be opened`,
      times('call.open') <= calls.length || `${times('call.open')} calls are told to be opened`,
      records.length - called <= accruals || 'nobody has told what it accrued',
    )
  },
})
