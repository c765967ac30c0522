/** The usage ledger of one lease: gapless, chained by hashes, and priced again from prices and quantities. */
import { createHash } from 'node:crypto'
import type { Findings } from './findings.ts'
import { amount, integer, list, optionalText, text, usage, type RawRecord } from './raw-record.ts'

export interface RecountedRecord {
  readonly id: string
  readonly callId: string | undefined
  readonly seq: number
  readonly requestId: string
  readonly usage: ReadonlyMap<string, bigint>
  readonly cost: bigint
  readonly responseHash: string | undefined
}

export interface RecountedUsage {
  readonly records: readonly RecountedRecord[]
  readonly totals: ReadonlyMap<string, bigint>
  /** What all records come to at the prices of the lease. */
  readonly metered: bigint
  readonly head: string | undefined
}

export function recountUsage(
  lease: RawRecord,
  raw: readonly RawRecord[],
  findings: Findings,
): RecountedUsage {
  const leaseId = text(lease, 'leaseId')
  const prices = list(lease, 'prices')
  const records: RecountedRecord[] = []
  const totals = new Map<string, bigint>()
  let metered = 0n
  let head: string | undefined
  for (const each of raw.toSorted((a, b) => integer(a, 'seq') - integer(b, 'seq'))) {
    const record = readRecord(each)
    findings.same(`seq of ${record.id}`, record.seq, records.length + 1)
    findings.same(`record before ${record.id}`, optionalText(each, 'previousHash'), head)
    head = text(each, 'entryHash')
    findings.same(`hash of ${record.id}`, head, hashOf(each))
    for (const party of ['consumerActorId', 'providerActorId', 'currency', 'resourceId']) {
      findings.same(`${party} of ${record.id}`, text(each, party), text(lease, party))
    }
    const before = costOf(prices, totals)
    for (const [unit, quantity] of record.usage) totals.set(unit, (totals.get(unit) ?? 0n) + quantity)
    const cost = costOf(prices, totals) - before
    findings.same(`cost of ${record.id}`, record.cost, cost)
    metered += cost
    records.push(record)
  }
  findings.same(`records of ${leaseId}`, integer(lease, 'usageSeq'), records.length)
  findings.same(`last record of ${leaseId}`, optionalText(lease, 'usageHead'), head)
  return { records, totals, metered, head }
}

function readRecord(raw: RawRecord): RecountedRecord {
  return {
    id: text(raw, 'ledgerId'),
    callId: optionalText(raw, 'callId'),
    seq: integer(raw, 'seq'),
    requestId: text(raw, 'requestId'),
    usage: usage(raw, 'usage'),
    cost: amount(raw, 'cost'),
    responseHash: optionalText(raw, 'responseHash'),
  }
}

/** Each price component rounds half up, by itself, on the running total. */
function costOf(prices: readonly RawRecord[], totals: ReadonlyMap<string, bigint>): bigint {
  let cost = 0n
  for (const price of prices) {
    const per = amount(price, 'per')
    const exact = amount(price, 'amount') * (totals.get(text(price, 'unit')) ?? 0n)
    cost += (2n * exact + per) / (2n * per)
  }
  return cost
}

/** SHA-256 over the canonical JSON (RFC 8785) of the record without `rev` and `entryHash`. */
function hashOf({ rev: _rev, entryHash: _hash, ...hashed }: RawRecord): string {
  return createHash('sha256').update(canonical(hashed)).digest('hex')
}

/** RFC 8785 for what a record holds: strings, integers, lists and objects. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(',')}}`
}
