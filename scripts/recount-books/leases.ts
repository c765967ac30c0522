/** Every lease with its money: what was locked, what its records come to, and where the escrow went. */
import type { RecountedAccounts } from './accounts.ts'
import type { Findings } from './findings.ts'
import { amount, integer, optionalText, text, totals, usageText, type RawRecord } from './raw-record.ts'
import type { RawStore } from './raw-store.ts'
import { recountUsage, type RecountedRecord } from './usage-records.ts'

/** Amounts are decimal strings of base units. */
export interface RecountedLease {
  readonly leaseId: string
  readonly kind: string
  readonly calls: number
  readonly locked: string
  readonly metered: string
  readonly released: string
  readonly refunded: string
  readonly settlement: string
  readonly consumer: string
  readonly records: readonly RecountedRecord[]
}

const terminal: ReadonlySet<string> = new Set([
  'settlement_released',
  'settlement_refunded',
  'settlement_split',
])

export function recountLeases(
  store: RawStore,
  accounts: RecountedAccounts,
  findings: Findings,
): readonly RecountedLease[] {
  const settlements = new Map(store.all('settlement').map((each) => [text(each, 'settlementId'), each]))
  const records = Map.groupBy(store.all('usage_record'), (each) => text(each, 'leaseId'))
  const calls = Map.groupBy(store.all('call'), (each) => text(each, 'leaseId'))
  const leases = store.all('lease')
  const ids = new Set(leases.map((lease) => text(lease, 'leaseId')))
  findings.same('settlements, against leases', settlements.size, leases.length)
  for (const leaseId of [...records.keys(), ...calls.keys()]) {
    findings.holds(ids.has(leaseId), `there is usage of ${leaseId}, and no such lease`)
  }
  return leases.map((lease) => {
    const leaseId = text(lease, 'leaseId')
    const settlement = settlements.get(text(lease, 'settlementId'))
    if (settlement === undefined) throw new Error(`${leaseId} has no settlement`)
    const own = calls.get(leaseId) ?? []
    const used = recountUsage(lease, records.get(leaseId) ?? [], findings)
    findings.same(`metered of ${leaseId}`, amount(lease, 'metered'), used.metered)
    findings.same(`totals of ${leaseId}`, usageText(totals(lease, 'totals')), usageText(used.totals))
    const reserved = recountCalls(lease, own, used.records, findings)
    const money = recountSettlement(lease, settlement, used.metered, reserved, accounts, findings)
    return {
      leaseId,
      kind: text(lease, 'kind'),
      calls: own.length,
      ...money,
      metered: used.metered.toString(),
      settlement: text(settlement, 'status'),
      consumer: text(lease, 'consumerActorId'),
      records: used.records,
    }
  })
}

/** @returns what open and unknown calls have reserved and not billed */
function recountCalls(
  lease: RawRecord,
  calls: readonly RawRecord[],
  records: readonly RecountedRecord[],
  findings: Findings,
): bigint {
  const leaseId = text(lease, 'leaseId')
  let reserved = 0n
  const known = new Set<string>()
  for (const call of calls) {
    const callId = text(call, 'callId')
    known.add(callId)
    const billed = records.filter((each) => each.callId === callId).reduce((sum, { cost }) => sum + cost, 0n)
    findings.same(`billed of ${callId}`, amount(call, 'billed'), billed)
    const unbilled = amount(call, 'reserved') - billed
    findings.holds(unbilled >= 0n, `${callId} is billed more than was reserved for it`)
    if (['call_open', 'call_unknown'].includes(text(call, 'status'))) reserved += unbilled
  }
  for (const { id, callId } of records) {
    findings.holds(callId === undefined || known.has(callId), `${id} is of a call that there is not`)
  }
  findings.same(`calls of ${leaseId}`, integer(lease, 'callSeq'), calls.length)
  findings.same(`reserved of ${leaseId}`, amount(lease, 'reserved'), reserved)
  return reserved
}

function recountSettlement(
  lease: RawRecord,
  settlement: RawRecord,
  metered: bigint,
  reserved: bigint,
  { transfers, balance }: RecountedAccounts,
  findings: Findings,
): Pick<RecountedLease, 'locked' | 'released' | 'refunded'> {
  const id = text(settlement, 'settlementId')
  const currency = text(settlement, 'currency')
  const escrow = `escrow:${id}:${currency}`
  const payer = `available:${text(settlement, 'payerActorId')}:${currency}`
  const payee = `available:${text(settlement, 'payeeActorId')}:${currency}`
  findings.same(`payer of ${id}`, text(settlement, 'payerActorId'), text(lease, 'consumerActorId'))
  findings.same(`payee of ${id}`, text(settlement, 'payeeActorId'), text(lease, 'providerActorId'))
  const line = optionalText(settlement, 'creditLineId')
  const source = line === undefined ? payer : `credit:${line}:${currency}`
  const ways = new Map([
    ['lock', { debit: source, credit: escrow }],
    ['release', { debit: escrow, credit: payee }],
    ['refund', { debit: escrow, credit: source }],
    ...(line === undefined ? [] : [['repay', { debit: payer, credit: source }] as const]),
  ])
  const moved = new Map<string, bigint>()
  for (const { id: transferId, debit, credit, reason, amount, reference } of transfers) {
    if (reference !== id && debit !== escrow && credit !== escrow) continue
    const way = ways.get(reason)
    findings.holds(
      reference === id && way?.debit === debit && way.credit === credit,
      `${transferId} has no business with ${id}: ${reason} from ${debit} to ${credit}`,
    )
    moved.set(reason, (moved.get(reason) ?? 0n) + amount)
  }
  const locked = moved.get('lock') ?? 0n
  const released = moved.get('release') ?? 0n
  const refunded = moved.get('refund') ?? 0n
  // Nobody earns what nobody has paid.
  findings.same(`repaid for ${id}`, moved.get('repay') ?? 0n, line === undefined ? 0n : released)
  findings.same(`locked of ${id}`, amount(settlement, 'locked'), locked)
  findings.same(`locked of ${id}, against maxCost`, amount(lease, 'maxCost'), locked)
  findings.same(`releasedSoFar of ${id}`, amount(settlement, 'releasedSoFar'), released)
  findings.same(`refundedSoFar of ${id}`, amount(settlement, 'refundedSoFar'), refunded)
  findings.same(`escrow of ${id}`, balance(escrow), locked - released - refunded)
  findings.holds(metered + reserved <= locked, `${id} meters more than is locked`)
  findings.holds(released <= metered, `${id} has released more than was metered`)
  if (terminal.has(text(settlement, 'status'))) {
    findings.same(`escrow of ${id}, which is settled`, balance(escrow), 0n)
    findings.same(`released of ${id}, against metered`, released, metered)
    findings.same(`released and refunded of ${id}, against locked`, released + refunded, locked)
  }
  return { locked: locked.toString(), released: released.toString(), refunded: refunded.toString() }
}
