import { Type, type Static } from '@sinclair/typebox'
import { LeaseSchema, type Lease, UsageRecordSchema, type UsageRecord } from '../entities/lease.ts'
import { SettlementSchema, type Settlement } from '../entities/money.ts'
import { UsageItem, toUsage } from '../money/price.ts'
import { Amount, closed, literals } from '../schema/scalars.ts'
import { deriveLeaseView } from '../states/derived.ts'
import { settlementStates } from '../states/tables.ts'
import { show, shown } from './hide.ts'

export const leaseHidden = [
  'rev',
  'backend',
  'delegation',
  'tokenHash',
  'dueAt',
  'totals',
  'usageHead',
  'accruedAt',
  'byteMs',
] as const
const LeaseShown = shown(LeaseSchema, leaseHidden)

/** A lease with what follows from it: what is left, and the states of its order, consent, delivery and settlement. */
export const LeaseView = closed({
  ...LeaseShown.properties,
  usage: Type.Array(UsageItem, { maxItems: 8, description: 'totals so far' }),
  remaining: Amount,
  orderStatus: literals([
    'delivery_ready',
    'delivery_completed',
    'consent_revoked',
    'settlement_completed',
    'settlement_cancelled',
  ]),
  consentStatus: literals(['consent_granted', 'consent_revoked']),
  deliveryStatus: literals(['delivery_ready', 'delivery_completed', 'delivery_revoked']),
  settlementStatus: literals(settlementStates),
})
export type LeaseView = Static<typeof LeaseView>

export function showLease(lease: Lease, settlement: Settlement): LeaseView {
  const derived = deriveLeaseView(lease.status, settlement.status)
  return {
    ...show(lease, LeaseSchema, leaseHidden),
    usage: toUsage(lease.totals),
    remaining: lease.status === 'lease_active' ? lease.maxCost - lease.metered - lease.reserved : 0n,
    orderStatus: derived.order,
    consentStatus: derived.consent,
    deliveryStatus: derived.delivery,
    settlementStatus: settlement.status,
  }
}

export const settlementHidden = ['rev', 'dueAt'] as const
export const SettlementView = shown(SettlementSchema, settlementHidden)
export type SettlementView = Static<typeof SettlementView>

export function showSettlement(settlement: Settlement): SettlementView {
  return show(settlement, SettlementSchema, settlementHidden)
}

export const usageHidden = ['rev'] as const
export const UsageRecordView = shown(UsageRecordSchema, usageHidden)
export type UsageRecordView = Static<typeof UsageRecordView>

export function showUsageRecord(record: UsageRecord): UsageRecordView {
  return show(record, UsageRecordSchema, usageHidden)
}
