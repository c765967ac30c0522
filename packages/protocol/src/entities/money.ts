import { Type, type Static } from '@sinclair/typebox'
import { collection } from '../collection.ts'
import { CreditLineId, DepositId, LeaseId, OrderId, PayoutId, SettlementId, TransferId } from '../ids.ts'
import { ActorId, Amount, closed, line, literals, RunningTotal, Timestamp } from '../schema/scalars.ts'
import { creditStates, payoutStates, settlementStates } from '../states/tables.ts'

/**
 * - `available`: what an actor may spend or withdraw
 * - `escrow`: locked for one settlement
 * - `payout`: on its way out
 * - `credit`: what is drawn of one credit line: locked or spent by its consumer and not paid by it yet
 * - `outside`: the world beyond this market
 *
 * The normal side of the last two is debit, so that what came in and went out, and what was lent, is written somewhere and
 * nothing is minted silently.
 */
export const accountKinds = ['available', 'escrow', 'payout', 'credit', 'outside'] as const
export type AccountKind = (typeof accountKinds)[number]

export const AccountSchema = closed({
  rev: Type.Integer(),
  /** `<kind>:<owner>:<currency>` */
  accountId: Type.String(),
  kind: literals(accountKinds),
  actorId: Type.Optional(ActorId),
  /** Credit: who draws on it; `actorId` is who lends. */
  debtorActorId: Type.Optional(ActorId),
  currency: Type.String(),
  debits: RunningTotal,
  credits: RunningTotal,
  /** Pending holds: promised to a call in progress. */
  held: Amount,
  /** Posted holds: earned, still in escrow until release. */
  committed: Amount,
})
export type Account = Static<typeof AccountSchema>

export const Accounts = collection({
  name: 'account',
  schema: AccountSchema,
  key: 'accountId',
  indexes: ['actorId', 'kind', 'currency'],
  coarse: ['currency'],
  visibility: { parties: ['actorId', 'debtorActorId'] },
})

export const transferReasons = [
  'deposit',
  'lock',
  'release',
  'refund',
  'repay',
  'withdraw',
  'payout_paid',
  'payout_returned',
] as const
export type TransferReason = (typeof transferReasons)[number]

export const TransferSchema = closed({
  rev: Type.Integer(),
  transferId: TransferId,
  debitAccountId: Type.String(),
  creditAccountId: Type.String(),
  currency: Type.String(),
  amount: Amount,
  reason: literals(transferReasons),
  /** The deposit, settlement or payout that it belongs to. */
  reference: Type.String(),
  /** Whose money went out and whose came in, where the account has an owner. */
  fromActorId: Type.Optional(ActorId),
  toActorId: Type.Optional(ActorId),
  memo: Type.Optional(line(0, 200)),
  createdAt: Timestamp,
})
export type Transfer = Static<typeof TransferSchema>

export const Transfers = collection({
  name: 'transfer',
  schema: TransferSchema,
  key: 'transferId',
  indexes: ['debitAccountId', 'creditAccountId', 'reference', 'fromActorId', 'toActorId'],
  visibility: { parties: ['fromActorId', 'toActorId'] },
  keeping: 'append',
})

export const SettlementSchema = closed({
  rev: Type.Integer(),
  settlementId: SettlementId,
  orderId: OrderId,
  leaseId: LeaseId,
  payerActorId: ActorId,
  payeeActorId: ActorId,
  currency: Type.String(),
  locked: Amount,
  releasedSoFar: Amount,
  refundedSoFar: Amount,
  /** Post-paid: locked from this credit line instead of the payer's money, and paid by the payer afterwards. */
  creditLineId: Type.Optional(CreditLineId),
  /** Since it is owed: until when it is to be paid. */
  payBy: Type.Optional(Timestamp),
  defaultedAt: Type.Optional(Timestamp),
  status: literals(settlementStates),
  /** End of the dispute window; absent while the lease runs. */
  closesAt: Type.Optional(Timestamp),
  rail: closed({ kind: literals(['internal']), state: literals(['confirmed']) }),
  createdAt: Timestamp,
  settledAt: Type.Optional(Timestamp),
  dueAt: Type.Optional(Timestamp),
})
export type Settlement = Static<typeof SettlementSchema>

export const Settlements = collection({
  name: 'settlement',
  schema: SettlementSchema,
  key: 'settlementId',
  indexes: ['leaseId', 'orderId', 'payerActorId', 'payeeActorId', 'creditLineId', 'status', 'dueAt'],
  visibility: { parties: ['payerActorId', 'payeeActorId'] },
})

/** What a provider lends to one consumer (DESIGN §9). What is drawn of it is the balance of its account. */
export const CreditLineSchema = closed({
  rev: Type.Integer(),
  creditLineId: CreditLineId,
  providerActorId: ActorId,
  consumerActorId: ActorId,
  currency: Type.String(),
  /** The most that all its leases may have locked or owe together. */
  ceiling: Amount,
  /** Of all its leases together. */
  maxRequestsPerMinute: Type.Integer({ minimum: 1 }),
  /** How long what a lease has cost may be owed before it is defaulted. */
  graceMs: Type.Integer({ minimum: 0 }),
  status: literals(creditStates),
  createdAt: Timestamp,
  closedAt: Type.Optional(Timestamp),
})
export type CreditLine = Static<typeof CreditLineSchema>

export const CreditLines = collection({
  name: 'credit_line',
  schema: CreditLineSchema,
  key: 'creditLineId',
  indexes: ['providerActorId', 'consumerActorId', 'status'],
  visibility: { parties: ['providerActorId', 'consumerActorId'] },
})

export const Deposits = collection({
  name: 'deposit',
  schema: closed({
    rev: Type.Integer(),
    depositId: DepositId,
    actorId: ActorId,
    currency: Type.String(),
    amount: Amount,
    /** How it entered. An operator's grant is this market's own promise, and is marked as that everywhere. */
    source: literals(['operator_grant']),
    grantedBy: ActorId,
    reason: line(1, 200),
    createdAt: Timestamp,
  }),
  key: 'depositId',
  indexes: ['actorId'],
  visibility: { parties: ['actorId'] },
  keeping: 'append',
})

export const PayoutSchema = closed({
  rev: Type.Integer(),
  payoutId: PayoutId,
  actorId: ActorId,
  currency: Type.String(),
  amount: Amount,
  status: literals(payoutStates),
  createdAt: Timestamp,
  settledAt: Type.Optional(Timestamp),
})
export type Payout = Static<typeof PayoutSchema>

export const Payouts = collection({
  name: 'payout',
  schema: PayoutSchema,
  key: 'payoutId',
  indexes: ['actorId', 'status'],
  visibility: { parties: ['actorId'] },
})
