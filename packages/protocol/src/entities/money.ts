import { Type, type Static } from '@sinclair/typebox'
import { collection } from '../collection.ts'
import { DepositId, LeaseId, OrderId, PayoutId, SettlementId, TransferId } from '../ids.ts'
import { ActorId, Amount, closed, line, literals, RunningTotal, Timestamp } from '../schema/scalars.ts'
import { payoutStates, settlementStates } from '../states/tables.ts'

/**
 * - `available`: what an actor may spend or withdraw
 * - `escrow`: locked for one settlement
 * - `payout`: on its way out
 * - `outside`: the world beyond this market; the only kind whose normal side is debit, so that what came in and went out
 *   is written somewhere and nothing is minted silently
 */
export const accountKinds = ['available', 'escrow', 'payout', 'outside'] as const
export type AccountKind = (typeof accountKinds)[number]

export const AccountSchema = closed({
  rev: Type.Integer(),
  /** `<kind>:<owner>:<currency>` */
  accountId: Type.String(),
  kind: literals(accountKinds),
  actorId: Type.Optional(ActorId),
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
  visibility: { parties: ['actorId'] },
})

export const transferReasons = [
  'deposit',
  'lock',
  'release',
  'refund',
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
  indexes: ['leaseId', 'orderId', 'payerActorId', 'payeeActorId', 'status', 'dueAt'],
  visibility: { parties: ['payerActorId', 'payeeActorId'] },
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
