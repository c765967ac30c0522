/**
 * Of a lease, order, consent and delivery are views: one table says what they are, given how the lease ended and where its
 * money is. They are never changed on their own (DESIGN §7).
 */
import type { LeaseStatus, SettlementStatus } from './tables.ts'

export type OrderStatus =
  | 'delivery_ready'
  | 'delivery_completed'
  | 'consent_revoked'
  | 'settlement_completed'
  | 'settlement_cancelled'
export type ConsentStatus = 'consent_granted' | 'consent_revoked'
export type DeliveryStatus = 'delivery_ready' | 'delivery_completed' | 'delivery_revoked'

export interface LeaseView {
  readonly order: OrderStatus
  readonly consent: ConsentStatus
  readonly delivery: DeliveryStatus
}

const running: LeaseView = { order: 'delivery_ready', consent: 'consent_granted', delivery: 'delivery_ready' }

/** Nothing was used: all of the money went back, as if the consent had been taken back before delivery. */
const unused: LeaseView = {
  order: 'settlement_cancelled',
  consent: 'consent_revoked',
  delivery: 'delivery_revoked',
}

type Ended = Readonly<Record<SettlementStatus, LeaseView>>

/** Delivered and not paid yet: within its window, or owed. */
const unpaid: LeaseView = {
  order: 'delivery_completed',
  consent: 'consent_granted',
  delivery: 'delivery_completed',
}

const unpaidTakenBack: LeaseView = {
  order: 'consent_revoked',
  consent: 'consent_revoked',
  delivery: 'delivery_completed',
}

const kept: Ended = {
  settlement_locked: unpaid,
  settlement_owed: unpaid,
  settlement_defaulted: unpaid,
  settlement_released: {
    order: 'settlement_completed',
    consent: 'consent_granted',
    delivery: 'delivery_completed',
  },
  settlement_refunded: unused,
}

const takenBack: Ended = {
  settlement_locked: unpaidTakenBack,
  settlement_owed: unpaidTakenBack,
  settlement_defaulted: unpaidTakenBack,
  settlement_released: {
    order: 'settlement_completed',
    consent: 'consent_revoked',
    delivery: 'delivery_completed',
  },
  settlement_refunded: unused,
}

export function deriveLeaseView(lease: LeaseStatus, settlement: SettlementStatus): LeaseView {
  switch (lease) {
    case 'lease_active':
    case 'lease_ending':
      return running
    case 'lease_completed':
    case 'lease_expired':
      return kept[settlement]
    case 'lease_revoked':
      return takenBack[settlement]
  }
}
