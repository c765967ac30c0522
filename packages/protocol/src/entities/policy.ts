/** The budget of a gateway's node wallet: what may be spent by whom, what has been spent, and what the owner was asked. */
import { Type, type Static } from '@sinclair/typebox'
import { collection } from '../collection.ts'
import { AllowanceId, ApprovalId, SettlementId, SpendId } from '../ids.ts'
import {
  ActorId,
  Amount,
  closed,
  CurrencySymbol,
  line,
  literals,
  Sha256Hex,
  Timestamp,
} from '../schema/scalars.ts'
import { approvalStates, spendStates } from '../states/tables.ts'

/**
 * - `call`: what one capability commits at once: the lock of a lease, or one call on a lease that another took
 * - `session`: what is committed under one session key of the host, within the last 30 days
 * - `day`: what is committed within 24 hours, rolling
 */
export const allowancePeriods = ['call', 'session', 'day'] as const
export type AllowancePeriod = (typeof allowancePeriods)[number]

/** What happens to a wish that an allowance does not cover. */
export const aboveLimit = ['ask', 'refuse'] as const

export const AgentName = line(1, 128)
export const SessionKey = line(1, 256)
/** Ids of senders mean something within their channel only. */
export const Sender = closed({ channel: line(1, 64), id: line(1, 128) })

/** Whose runs an allowance is about; an absent part is anybody's. */
export const Whose = closed({
  sender: Type.Optional(Sender),
  agentId: Type.Optional(AgentName),
  sessionKey: Type.Optional(SessionKey),
})
export type Whose = Static<typeof Whose>

/** Adds to the limit until then. */
export const TopUp = closed({ amount: Amount, expiresAt: Timestamp })

export const mostAllowances = 50
export const mostTopUps = 16

export const AllowanceSchema = closed({
  rev: Type.Integer(),
  allowanceId: AllowanceId,
  actorId: ActorId,
  /** What people call it; never given to another while it is there. */
  number: Type.Integer({ minimum: 1 }),
  per: literals(allowancePeriods),
  whose: Whose,
  currency: CurrencySymbol,
  limit: Amount,
  above: literals(aboveLimit),
  topUps: Type.Array(TopUp, { maxItems: mostTopUps }),
  createdAt: Timestamp,
})
export type Allowance = Static<typeof AllowanceSchema>

export const Allowances = collection({
  name: 'allowance',
  schema: AllowanceSchema,
  key: 'allowanceId',
  indexes: ['actorId'],
  visibility: { parties: ['actorId'] },
  keeping: 'ephemeral',
})

/** What the host said of a run, as far as it is kept. */
export const Run = closed({
  agentId: Type.Optional(AgentName),
  sessionKey: Type.Optional(SessionKey),
  sender: Type.Optional(Sender),
})
export type Run = Static<typeof Run>

/**
 * - `lease`: the lock of a lease of this market; its settlement says how much of it came back
 * - `lease_elsewhere`: the lock of a lease of another market, which this side hears of
 * - `call`: one call on a lease that is already paid for
 */
export const spendKinds = ['lease', 'lease_elsewhere', 'call'] as const

export const SpendSchema = closed({
  rev: Type.Integer(),
  spendId: SpendId,
  actorId: ActorId,
  what: literals(spendKinds),
  /** What it was for, once: a hash over the lease or the request that it pays for. */
  spendKey: Sha256Hex,
  run: Run,
  /** Of the run; empty when the host named none. */
  session: Type.String({ maxLength: 256 }),
  /** Of a call: the run that took its lease, whose allowances have paid for it already. */
  taker: Type.Optional(Run),
  currency: CurrencySymbol,
  /** The most that it can come to. Absent: nobody can tell. */
  amount: Type.Optional(Amount),
  /** What it came to, when that is known. A local lease's settlement knows it better. */
  cost: Type.Optional(Amount),
  settlementId: Type.Optional(SettlementId),
  status: literals(spendStates),
  createdAt: Timestamp,
})
export type Spend = Static<typeof SpendSchema>

export const Spends = collection({
  name: 'spend',
  schema: SpendSchema,
  key: 'spendId',
  indexes: ['actorId', 'spendKey', 'session', 'settlementId', 'status', 'createdAt'],
  unique: ['spendKey'],
  visibility: { parties: ['actorId'] },
})

export const ApprovalSchema = closed({
  rev: Type.Integer(),
  approvalId: ApprovalId,
  actorId: ActorId,
  /** Of the capability, its parameters to the letter, and the run that asked. */
  requestHash: Sha256Hex,
  capability: line(1, 128),
  run: Run,
  currency: CurrencySymbol,
  /** The most that it may come to. Absent: nobody could tell. */
  amount: Type.Optional(Amount),
  /** The allowance that did not cover it, in words. */
  rule: line(1, 1_000),
  status: literals(approvalStates),
  spendId: Type.Optional(SpendId),
  createdAt: Timestamp,
  /** Until then it can be granted and used. */
  expiresAt: Timestamp,
  decidedAt: Type.Optional(Timestamp),
  /** Forgotten then. */
  dueAt: Timestamp,
})
export type Approval = Static<typeof ApprovalSchema>

export const Approvals = collection({
  name: 'approval',
  schema: ApprovalSchema,
  key: 'approvalId',
  indexes: ['actorId', 'requestHash', 'spendId', 'status', 'dueAt'],
  visibility: { parties: ['actorId'] },
  keeping: 'ephemeral',
})
