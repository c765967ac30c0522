/** The usage ledger of a lease: gapless, chained by hashes, and priced again from prices and quantities. */
import type { Call, Lease, UsageRecord } from '@openclaw-market/protocol/entities/lease'
import { costOfStep, costOfTotals, toTotals } from '@openclaw-market/protocol/money/price'
import { addTotals, totalEntries, unitsOf, type UnitTotals } from '@openclaw-market/protocol/money/units'
import { hashRecord } from '../usage/record.ts'
import { accruedUnit } from '../usage/check.ts'
import type { Books } from './books.ts'
import type { LeaseUse } from './facts.ts'
import { agree, all, rules, same } from './findings.ts'

interface RecordFacts {
  readonly lease: Lease
  readonly record: UsageRecord
  readonly call: Call | undefined
  /** What the records before it come to. */
  readonly seq: number
  readonly head: string | undefined
  readonly before: UnitTotals
  readonly step: UnitTotals
}

const hashes = new WeakMap<UsageRecord, string>()

function hashOf(record: UsageRecord): string {
  let hash = hashes.get(record)
  if (hash === undefined) hashes.set(record, (hash = hashRecord(record)))
  return hash
}

const recordRules = rules<RecordFacts>({
  'usage.seq': ({ record, seq }) => same('seq', record.seq, seq),
  'usage.chain': ({ record, head }) => same('previousHash', record.previousHash, head),
  'usage.hash': ({ record }) => same('entryHash', record.entryHash, hashOf(record)),
  'usage.parties': ({ record, lease }) =>
    agree(['leaseId', 'resourceId', 'providerActorId', 'consumerActorId', 'currency'], record, lease),
  'usage.cost': ({ record, lease, before, step }) =>
    same('cost', record.cost, costOfStep(lease.prices, before, step)),
  'usage.call': ({ record, call, before, step }) => {
    if (record.callId === undefined)
      return same(
        'requestId',
        record.requestId,
        `accrual:${accruedUnit}:${addTotals(before, step).gb_day ?? 0n}`,
      )
    return call === undefined
      ? `there is no call ${record.callId} of its lease`
      : same('requestId', record.requestId, call.requestId)
  },
  'usage.units': ({ record: { usage, callId }, lease: { kind } }) => {
    const units: readonly string[] = unitsOf[kind]
    const wrong = usage.find(
      ({ unit }) => !units.includes(unit) || (unit === accruedUnit) !== (callId === undefined),
    )
    if (wrong !== undefined)
      return `counts ${wrong.unit}, which a ${kind} ${callId === undefined ? 'does not accrue' : 'is not called for'}`
    return new Set(usage.map(({ unit }) => unit)).size === usage.length || 'counts a unit twice'
  },
  'usage.times': ({ record, lease }) => record.createdAt >= lease.createdAt || 'is older than its lease',
})

const ledgerRules = rules<LeaseUse & { readonly totals: UnitTotals }>({
  'lease.usage': ({ lease, records }) =>
    all(
      same('usageSeq', lease.usageSeq, records.length),
      same('usageHead', lease.usageHead, records.at(-1)?.entryHash),
    ),
  'lease.totals': ({ lease, totals }) => sameTotals(lease.totals, totals),
  'lease.metered': ({ lease, records }) =>
    same(
      'metered',
      lease.metered,
      sum(records, (record) => record.cost),
    ),
  // However the usage was split, it costs what it would have cost at once.
  'lease.cost': ({ lease, totals }) => same('metered', lease.metered, costOfTotals(lease.prices, totals)),
})

export function checkUsage(books: Books, use: LeaseUse): void {
  const { lease, records } = use
  const calls = new Map(use.calls.map((call) => [call.callId, call]))
  let totals: UnitTotals = {}
  let head: string | undefined
  for (const [i, record] of records.entries()) {
    const step = toTotals(record.usage)
    const call = record.callId === undefined ? undefined : calls.get(record.callId)
    const facts = { lease, record, call, seq: i + 1, head, before: totals, step }
    books.findings.apply(recordRules, record.ledgerId, facts)
    totals = addTotals(totals, step)
    head = record.entryHash
  }
  books.findings.apply(ledgerRules, lease.leaseId, { ...use, totals })
}

export function sum<T>(items: readonly T[], of: (item: T) => bigint): bigint {
  let total = 0n
  for (const item of items) total += of(item)
  return total
}

export function usedBy(records: readonly UsageRecord[]): UnitTotals {
  let totals: UnitTotals = {}
  for (const { usage } of records) totals = addTotals(totals, toTotals(usage))
  return totals
}

/** A unit that is absent has not been used. */
export function sameTotals(is: UnitTotals, should: UnitTotals): true | string {
  for (const [unit, quantity] of [...totalEntries(is), ...totalEntries(should)]) {
    const [a, b] = [is[unit] ?? 0n, should[unit] ?? 0n]
    if (quantity !== 0n && a !== b) return same(unit, a, b)
  }
  return true
}
