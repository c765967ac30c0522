/** The state tables of DESIGN §7, as far as this market has the objects. Changing an arrow here changes the market. */
import type { Machine } from './machine.ts'

export const resourceStates = ['resource_published', 'resource_unpublished'] as const
export type ResourceStatus = (typeof resourceStates)[number]
export const resourceMachine: Machine<ResourceStatus> = {
  resource_published: ['resource_unpublished', 'resource_published'],
  resource_unpublished: ['resource_published'],
}

export const offerStates = ['offer_published', 'offer_closed'] as const
export type OfferStatus = (typeof offerStates)[number]
export const offerMachine: Machine<OfferStatus> = {
  offer_published: ['offer_closed'],
  offer_closed: [],
}

export const leaseStates = [
  'lease_active',
  'lease_ending',
  'lease_completed',
  'lease_revoked',
  'lease_expired',
] as const
export type LeaseStatus = (typeof leaseStates)[number]
export const leaseMachine: Machine<LeaseStatus> = {
  lease_active: ['lease_ending'],
  lease_ending: ['lease_completed', 'lease_revoked', 'lease_expired'],
  lease_completed: [],
  lease_revoked: [],
  lease_expired: [],
}

export const callStates = ['call_open', 'call_unknown', 'call_done', 'call_failed'] as const
export type CallStatus = (typeof callStates)[number]
export const callMachine: Machine<CallStatus> = {
  call_open: ['call_done', 'call_failed', 'call_unknown'],
  call_unknown: ['call_done', 'call_failed'],
  call_done: [],
  call_failed: [],
}

/** Owed and defaulted are post-paid only: what is paid at once never passes through them, and a default can be made good. */
export const settlementStates = [
  'settlement_locked',
  'settlement_owed',
  'settlement_defaulted',
  'settlement_released',
  'settlement_refunded',
] as const
export type SettlementStatus = (typeof settlementStates)[number]
export const settlementMachine: Machine<SettlementStatus> = {
  settlement_locked: ['settlement_owed', 'settlement_released', 'settlement_refunded'],
  settlement_owed: ['settlement_released', 'settlement_defaulted'],
  settlement_defaulted: ['settlement_released'],
  settlement_released: [],
  settlement_refunded: [],
}

export const payoutStates = ['payout_pending', 'payout_paid', 'payout_returned'] as const
export type PayoutStatus = (typeof payoutStates)[number]
export const payoutMachine: Machine<PayoutStatus> = {
  payout_pending: ['payout_paid', 'payout_returned'],
  payout_paid: [],
  payout_returned: [],
}

/** A spend is open until it is told what it came to. That of a lease of this market is told by its settlement from the start. */
export const spendStates = ['spend_open', 'spend_settled'] as const
export type SpendStatus = (typeof spendStates)[number]
export const spendMachine: Machine<SpendStatus> = {
  spend_open: ['spend_settled'],
  spend_settled: [],
}

/** What is over by its time alone keeps its state: `expiresAt` says so. */
export const approvalStates = [
  'approval_pending',
  'approval_granted',
  'approval_denied',
  'approval_used',
] as const
export type ApprovalStatus = (typeof approvalStates)[number]
export const approvalMachine: Machine<ApprovalStatus> = {
  approval_pending: ['approval_granted', 'approval_denied'],
  approval_granted: ['approval_used'],
  approval_denied: [],
  approval_used: [],
}

export const creditStates = ['credit_open', 'credit_closed'] as const
export type CreditStatus = (typeof creditStates)[number]
export const creditMachine: Machine<CreditStatus> = {
  credit_open: ['credit_closed'],
  credit_closed: [],
}

/**
 * A job for a chain. Undone is what was confirmed and is not on the chain any more: its chain went back further than this
 * market waits. Nothing leaves that state but by a person's word; then the same bytes are sent again.
 */
export const chainJobStates = ['job_queued', 'job_sent', 'job_confirmed', 'job_failed', 'job_undone'] as const
export type ChainJobStatus = (typeof chainJobStates)[number]
export const chainJobMachine: Machine<ChainJobStatus> = {
  job_queued: ['job_sent', 'job_confirmed', 'job_failed'],
  job_sent: ['job_confirmed', 'job_failed'],
  job_confirmed: ['job_undone'],
  job_failed: ['job_undone'],
  job_undone: ['job_sent', 'job_queued'],
}
