/** What the market keeps about requests and who made them: quotes, sessions, spent nonces, answered keys, events. */
import { Type, type Static } from '@sinclair/typebox'
import { collection } from '../collection.ts'
import { CreditLineId, EventId, QuoteId, ResourceId, SessionId } from '../ids.ts'
import { UsageOrNone } from '../money/price.ts'
import { SessionKey } from './policy.ts'
import { ActorId, Amount, closed, line, Sha256Hex, Timestamp } from '../schema/scalars.ts'
import { ConversationFacts } from './log.ts'

export const QuoteSchema = closed({
  rev: Type.Integer(),
  quoteId: QuoteId,
  resourceId: ResourceId,
  resourceVersion: Type.Integer(),
  offerHash: Sha256Hex,
  consumerActorId: ActorId,
  providerActorId: ActorId,
  currency: Type.String(),
  ttlMs: Type.Integer(),
  upperBound: Amount,
  /** What the consumer signs for. */
  maxCost: Amount,
  /** For a post-paid lease on this credit line; absent: for a prepaid one. */
  creditLineId: Type.Optional(CreditLineId),
  createdAt: Timestamp,
  expiresAt: Timestamp,
  dueAt: Timestamp,
})
export type Quote = Static<typeof QuoteSchema>

export const Quotes = collection({
  name: 'quote',
  schema: QuoteSchema,
  key: 'quoteId',
  indexes: ['consumerActorId', 'dueAt'],
  visibility: { parties: ['consumerActorId'] },
  keeping: 'ephemeral',
})

/** A SIWE message that was handed out and not yet answered. The nonce is spent by removing it. */
export const Challenges = collection({
  name: 'challenge',
  schema: closed({
    rev: Type.Integer(),
    nonce: Type.String({ pattern: '^[A-Za-z0-9]{16,64}$' }),
    address: ActorId,
    chainId: Type.Integer(),
    domain: Type.String(),
    issuedAt: Timestamp,
    expiresAt: Timestamp,
    dueAt: Timestamp,
  }),
  key: 'nonce',
  indexes: ['dueAt'],
  keeping: 'ephemeral',
})

export const Sessions = collection({
  name: 'session',
  schema: closed({
    rev: Type.Integer(),
    sessionId: SessionId,
    bearerHash: Sha256Hex,
    actorId: ActorId,
    chainId: Type.Integer(),
    createdAt: Timestamp,
    expiresAt: Timestamp,
    dueAt: Timestamp,
  }),
  key: 'sessionId',
  indexes: ['bearerHash', 'actorId', 'dueAt'],
  unique: ['bearerHash'],
  visibility: { parties: ['actorId'] },
  secrets: ['bearerHash'],
  keeping: 'ephemeral',
})

/** Nonces of signed requests, kept until the request could no longer be replayed. */
export const SpentNonces = collection({
  name: 'spent_nonce',
  schema: closed({
    rev: Type.Integer(),
    /** `<address>/<nonce>` */
    nonceKey: Type.String(),
    dueAt: Timestamp,
  }),
  key: 'nonceKey',
  indexes: ['dueAt'],
  keeping: 'ephemeral',
})

/** The answer that an idempotency key has had, so that the same request again moves nothing. */
export const Answers = collection({
  name: 'answer',
  schema: closed({
    rev: Type.Integer(),
    /** `<actor>/<operation>/<key>` */
    answerKey: Type.String(),
    requestHash: Sha256Hex,
    result: Type.Unknown(),
    dueAt: Timestamp,
  }),
  key: 'answerKey',
  indexes: ['dueAt'],
  keeping: 'ephemeral',
})

export const EventSchema = closed({
  rev: Type.Integer(),
  eventId: EventId,
  /** The name of an operation, or `host.` and what of the conversation the host told. */
  type: Type.String(),
  actorId: Type.Optional(ActorId),
  /** Whom an operator acted for, and why. */
  forActorId: Type.Optional(ActorId),
  reason: Type.Optional(line(1, 200)),
  subjects: Type.Array(Type.String(), { maxItems: 16 }),
  paramsHash: Type.Optional(Sha256Hex),
  facts: Type.Optional(ConversationFacts),
  createdAt: Timestamp,
})
export type Event = Static<typeof EventSchema>

/**
 * What happened, who did it, to what: appended in the same write as the change itself. In the order of their ids they are
 * the leaves of the log: ids rise, so an event's place in it is how many came before.
 */
export const Events = collection({
  name: 'event',
  schema: EventSchema,
  key: 'eventId',
  indexes: ['type', 'createdAt'],
  coarse: ['type'],
  tags: ['subjects'],
  visibility: { parties: ['actorId', 'forActorId'] },
  keeping: 'append',
})

/** What this gateway's own count says of a call that it made as a leaseholder: its side of the books. */
export const ConsumerReceiptSchema = closed({
  rev: Type.Integer(),
  /** `<lease>/<request id>` */
  receiptKey: Type.String(),
  leaseId: Type.String(),
  requestId: Type.String(),
  market: Type.String(),
  /** What we counted in the answer ourselves, and what the provider said it was. */
  counted: UsageOrNone,
  stated: UsageOrNone,
  statedCost: Type.Optional(Amount),
  responseHash: Type.Optional(Sha256Hex),
  agrees: Type.Boolean(),
  /** The conversation that it was made for, and the run of the agent. */
  sessionKey: Type.Optional(SessionKey),
  runId: Type.Optional(line(1, 200)),
  createdAt: Timestamp,
})
export type ConsumerReceipt = Static<typeof ConsumerReceiptSchema>

export const ConsumerReceipts = collection({
  name: 'consumer_receipt',
  schema: ConsumerReceiptSchema,
  key: 'receiptKey',
  indexes: ['leaseId', 'sessionKey', 'createdAt'],
  keeping: 'append',
})

/** One record about the store itself. */
export const Metas = collection({
  name: 'meta',
  schema: closed({ rev: Type.Integer(), name: Type.String(), value: Type.String() }),
  key: 'name',
})
