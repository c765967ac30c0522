/** Each call against its lease and its usage records, and the calls of a lease against what it counts of them. */
import type { Call, Lease, UsageRecord } from '@openclaw-market/protocol/entities/lease'
import { costCeiling } from '@openclaw-market/protocol/money/price'
import type { Books } from './books.ts'
import type { LeaseUse } from './facts.ts'
import { agree, all, exactlyWhen, rules, same } from './findings.ts'
import { sameTotals, sum, usedBy } from './usage.ts'

interface CallFacts {
  readonly lease: Lease
  readonly call: Call
  /** The usage records of this call, by rising seq. */
  readonly own: readonly UsageRecord[]
}

/** The outcomes that the records of a call of this status may have, in order. */
const histories: Readonly<Record<Call['status'], readonly string[]>> = {
  call_open: [''],
  call_unknown: ['unknown'],
  call_done: ['done', 'unknown done'],
  // Unknown alone: nobody corrected it in its window.
  call_failed: ['failed', 'unknown failed', 'unknown'],
}

const callRules = rules<CallFacts>({
  'call.parties': ({ call, lease }) =>
    agree(['leaseId', 'resourceId', 'providerActorId', 'consumerActorId'], call, lease),
  'call.requestKey': ({ call }) => same('requestKey', call.requestKey, `${call.leaseId}/${call.requestId}`),
  'call.records': ({ call, own }) => {
    const history = own.map(({ outcome }) => outcome).join(' ')
    return all(
      histories[call.status].includes(history) || `is ${call.status}, and its records say: ${history}`,
      same('ledgerId', call.ledgerId, own.at(-1)?.ledgerId),
    )
  },
  'call.billed': ({ call, own }) =>
    same(
      'billed',
      call.billed,
      sum(own, (record) => record.cost),
    ),
  'call.reserve': ({ call }) =>
    call.billed <= call.reserved || `is billed ${call.billed}, and ${call.reserved} was reserved`,
  'call.usage': ({ call, own }) => sameTotals(call.usage, usedBy(own)),
  // After a crash it must fit, whatever was used in between.
  'call.checkpoint': ({ call, lease }) => {
    const most = costCeiling(lease.prices, call.checkpoint)
    return most <= call.reserved || `its checkpoint may cost ${most}, and ${call.reserved} was reserved`
  },
  'call.times': ({ call: { openedAt, closedAt, status }, lease }) =>
    all(
      openedAt >= lease.createdAt || 'is older than its lease',
      openedAt < lease.expiresAt || lease.endingAt !== undefined || 'was opened when its lease was over',
      exactlyWhen('closedAt', closedAt !== undefined, status !== 'call_open', 'it is closed'),
      closedAt === undefined || closedAt >= openedAt || 'is closed before it was opened',
    ),
  'call.due': ({ call: { dueAt, closedAt, status } }) =>
    all(
      exactlyWhen('dueAt', dueAt !== undefined, status === 'call_unknown', 'its outcome is unknown'),
      dueAt === undefined || dueAt > (closedAt ?? 0) || 'is due before it could be corrected',
    ),
})

const pending = new Set<Call['status']>(['call_open', 'call_unknown'])

const admissionRules = rules<LeaseUse>({
  'lease.calls': ({ lease, calls }) => {
    const gap = calls.findIndex((call, i) => call.seq !== i + 1)
    return gap >= 0
      ? `has no call of seq ${gap + 1}, or several`
      : same('callSeq', lease.callSeq, calls.length)
  },
  'lease.open': ({ lease, calls }) =>
    all(
      same('openCalls', lease.openCalls, calls.filter(({ status }) => status === 'call_open').length),
      same(
        'unknownCalls',
        lease.unknownCalls,
        calls.filter(({ status }) => status === 'call_unknown').length,
      ),
    ),
  'lease.reserved': ({ lease, calls }) => {
    const held = calls.filter(({ status }) => pending.has(status))
    return same(
      'reserved',
      lease.reserved,
      sum(held, (call) => call.reserved - call.billed),
    )
  },
})

export function checkCalls(books: Books, use: LeaseUse): void {
  for (const call of use.calls) {
    const own = use.recordsOf.get(call.callId) ?? []
    books.findings.apply(callRules, call.callId, { lease: use.lease, call, own })
  }
  books.findings.apply(admissionRules, use.lease.leaseId, use)
}
