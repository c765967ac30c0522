/**
 * Of a lease, order, consent and delivery are views: one table says what they are, given how the lease ended and whether
 * its money has moved. They are never changed on their own (DESIGN §7).
 */
import type { LeaseStatus, SettlementStatus } from './tables.ts'

export type OrderStatus = 'delivery_ready' | 'delivery_completed' | 'settlement_completed' | 'settlement_cancelled'
export type ConsentStatus = 'consent_granted' | 'consent_revoked'
export type DeliveryStatus = 'delivery_ready' | 'delivery_completed' | 'delivery_revoked'

export interface LeaseView {
  readonly order: OrderStatus
  readonly consent: ConsentStatus
  readonly delivery: DeliveryStatus
}

type Use = 'used' | 'unused'

const consent: Readonly<Record<LeaseStatus, ConsentStatus>> = {
  lease_active: 'consent_granted',
  lease_ending: 'consent_granted',
  lease_completed: 'consent_granted',
  lease_revoked: 'consent_revoked',
  lease_expired: 'consent_granted',
}

const delivery: Readonly<Record<LeaseStatus, Readonly<Record<Use, DeliveryStatus>>>> = {
  lease_active: { used: 'delivery_ready', unused: 'delivery_ready' },
  lease_ending: { used: 'delivery_ready', unused: 'delivery_ready' },
  lease_completed: { used: 'delivery_completed', unused: 'delivery_completed' },
  lease_revoked: { used: 'delivery_completed', unused: 'delivery_revoked' },
  lease_expired: { used: 'delivery_completed', unused: 'delivery_revoked' },
}

export function deriveLeaseView(lease: LeaseStatus, used: boolean, settlement: SettlementStatus): LeaseView {
  const handed = delivery[lease][used ? 'used' : 'unused']
  return { order: deriveOrder(handed, settlement), consent: consent[lease], delivery: handed }
}

function deriveOrder(handed: DeliveryStatus, settlement: SettlementStatus): OrderStatus {
  switch (settlement) {
    case 'settlement_locked':
      return handed === 'delivery_ready' ? 'delivery_ready' : 'delivery_completed'
    case 'settlement_released':
      return 'settlement_completed'
    case 'settlement_refunded':
      return 'settlement_cancelled'
  }
}
