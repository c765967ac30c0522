import { Type, type Static } from '@sinclair/typebox'
import { collection } from '../collection.ts'
import {
  CallId,
  ConsentId,
  CreditLineId,
  DeliveryId,
  LeaseId,
  LedgerId,
  OfferId,
  OrderId,
  QuoteId,
  ResourceId,
  SettlementId,
} from '../ids.ts'
import { Prices, UsageOrNone } from '../money/price.ts'
import { resourceKinds, type UnitTotals } from '../money/units.ts'
import {
  ActorId,
  Amount,
  closed,
  closedRecord,
  literals,
  RequestId,
  RunningTotal,
  Sha256Hex,
  Signature,
  Timestamp,
  line,
} from '../schema/scalars.ts'
import { callStates, leaseStates } from '../states/tables.ts'
import { BackendName, Delegation, Policy, UsageScope } from './resource.ts'

/** Running totals by unit. Typed loosely for the codec, exactly for the code. */
export const Totals = Type.Unsafe<UnitTotals>(
  closedRecord('^[a-z_]{1,32}$', Type.String({ format: 'base-units' })),
)

export const Orders = collection({
  name: 'order',
  schema: closed({
    rev: Type.Integer(),
    orderId: OrderId,
    offerId: OfferId,
    offerHash: Sha256Hex,
    resourceId: ResourceId,
    leaseId: LeaseId,
    settlementId: SettlementId,
    consumerActorId: ActorId,
    providerActorId: ActorId,
    currency: Type.String(),
    maxCost: Amount,
    /** Post-paid, on this credit line. */
    creditLineId: Type.Optional(CreditLineId),
    expiresAt: Timestamp,
    createdAt: Timestamp,
  }),
  key: 'orderId',
  indexes: ['leaseId', 'consumerActorId', 'providerActorId'],
  visibility: { parties: ['consumerActorId', 'providerActorId'] },
  keeping: 'append',
})

export const Consents = collection({
  name: 'consent',
  schema: closed({
    rev: Type.Integer(),
    consentId: ConsentId,
    orderId: OrderId,
    leaseId: LeaseId,
    quoteId: Type.Optional(QuoteId),
    consumerActorId: ActorId,
    providerActorId: ActorId,
    scope: UsageScope,
    /** What was signed besides: the most to spend, and until when the consent could be used. With the order they give the digest again. */
    maxCost: Amount,
    validUntil: Timestamp,
    digest: Type.String({ pattern: '^0x[0-9a-f]{64}$', description: 'EIP-712 digest that was signed' }),
    signature: Signature,
    createdAt: Timestamp,
  }),
  key: 'consentId',
  indexes: ['orderId', 'consumerActorId', 'providerActorId'],
  visibility: { parties: ['consumerActorId', 'providerActorId'] },
  keeping: 'append',
})

export const Deliveries = collection({
  name: 'delivery',
  schema: closed({
    rev: Type.Integer(),
    deliveryId: DeliveryId,
    orderId: OrderId,
    leaseId: LeaseId,
    consumerActorId: ActorId,
    providerActorId: ActorId,
    deliveryType: literals(['download', 'api', 'service']),
    createdAt: Timestamp,
  }),
  key: 'deliveryId',
  indexes: ['orderId', 'consumerActorId', 'providerActorId'],
  visibility: { parties: ['consumerActorId', 'providerActorId'] },
  keeping: 'append',
})

export const endReasons = ['completed', 'revoked', 'expired'] as const

export const LeaseSchema = closed({
  rev: Type.Integer(),
  leaseId: LeaseId,
  resourceId: ResourceId,
  resourceVersion: Type.Integer({ minimum: 1 }),
  offerId: OfferId,
  orderId: OrderId,
  consentId: ConsentId,
  deliveryId: DeliveryId,
  settlementId: SettlementId,
  providerActorId: ActorId,
  consumerActorId: ActorId,
  kind: literals(resourceKinds),
  backend: BackendName,
  /** By whose leave the node key serves it, as it stood when the lease was made. */
  delegation: Type.Optional(Delegation),
  label: line(1, 80),
  prices: Prices,
  policy: Policy,
  currency: Type.String(),
  /** Post-paid, on this credit line; absent: prepaid. */
  creditLineId: Type.Optional(CreditLineId),
  tokenHash: Sha256Hex,
  maxCost: Amount,
  /** Cost of all usage records so far; never above maxCost. */
  metered: Amount,
  /** Sum of the reserves of open and unknown calls; metered + reserved never above maxCost. */
  reserved: Amount,
  totals: Totals,
  /** seq of the last usage record; 0 when there is none. */
  usageSeq: Type.Integer({ minimum: 0 }),
  /** entryHash of the last usage record. */
  usageHead: Type.Optional(Sha256Hex),
  /** seq of the last admitted call. */
  callSeq: Type.Integer({ minimum: 0 }),
  openCalls: Type.Integer({ minimum: 0 }),
  unknownCalls: Type.Integer({ minimum: 0 }),
  /** Storage: bytes kept now, and until when their gb_day is accrued. */
  storedBytes: Type.Optional(Amount),
  /** Byte-milliseconds kept so far: the exact running total behind gb_day. */
  byteMs: Type.Optional(RunningTotal),
  accruedAt: Type.Optional(Timestamp),
  status: literals(leaseStates),
  endReason: Type.Optional(literals(endReasons)),
  endedBy: Type.Optional(ActorId),
  endNote: Type.Optional(line(0, 200)),
  createdAt: Timestamp,
  expiresAt: Timestamp,
  endingAt: Type.Optional(Timestamp),
  endedAt: Type.Optional(Timestamp),
  /** When time acts on it next: expiry, the end of draining, an accrual. Absent when nothing is due ever. */
  dueAt: Type.Optional(Timestamp),
})
export type Lease = Static<typeof LeaseSchema>

export const Leases = collection({
  name: 'lease',
  schema: LeaseSchema,
  key: 'leaseId',
  indexes: ['resourceId', 'providerActorId', 'consumerActorId', 'status', 'tokenHash', 'dueAt'],
  unique: ['tokenHash'],
  visibility: { parties: ['consumerActorId', 'providerActorId'] },
  secrets: ['tokenHash', 'backend', 'delegation'],
})

export const CallSchema = closed({
  rev: Type.Integer(),
  callId: CallId,
  leaseId: LeaseId,
  resourceId: ResourceId,
  providerActorId: ActorId,
  consumerActorId: ActorId,
  seq: Type.Integer({ minimum: 1 }),
  requestId: RequestId,
  /** `leaseId/requestId`: a request id names one call of a lease. */
  requestKey: Type.String(),
  bodyHash: Sha256Hex,
  reserved: Amount,
  /** What had surely been delivered at the last checkpoint. */
  checkpoint: Totals,
  status: literals(callStates),
  /** What the call has been billed so far. */
  billed: Amount,
  usage: Totals,
  /** The last usage record that it made. */
  ledgerId: Type.Optional(LedgerId),
  openedAt: Timestamp,
  closedAt: Type.Optional(Timestamp),
  /** Unknown calls: when the provider's time to correct is over. */
  dueAt: Type.Optional(Timestamp),
})
export type Call = Static<typeof CallSchema>

export const Calls = collection({
  name: 'call',
  schema: CallSchema,
  key: 'callId',
  indexes: ['leaseId', 'status', 'requestKey', 'dueAt', 'providerActorId', 'consumerActorId'],
  unique: ['requestKey'],
  visibility: { parties: ['consumerActorId', 'providerActorId'] },
})

/** One line of the usage ledger. Appended only, for the lease's provider only, gapless in `seq` per lease. */
export const UsageRecordSchema = closed({
  rev: Type.Integer(),
  ledgerId: LedgerId,
  leaseId: LeaseId,
  callId: Type.Optional(CallId),
  resourceId: ResourceId,
  providerActorId: ActorId,
  consumerActorId: ActorId,
  seq: Type.Integer({ minimum: 1 }),
  usage: UsageOrNone,
  cost: Amount,
  currency: Type.String(),
  outcome: literals(['done', 'failed', 'unknown']),
  requestId: RequestId,
  responseHash: Type.Optional(Sha256Hex),
  sessionId: Type.Optional(line(1, 128)),
  runId: Type.Optional(line(1, 128)),
  createdAt: Timestamp,
  /** SHA-256 over the canonical record without this field; `previousHash` chains the records of a lease. */
  previousHash: Type.Optional(Sha256Hex),
  entryHash: Sha256Hex,
})
export type UsageRecord = Static<typeof UsageRecordSchema>

export const UsageRecords = collection({
  name: 'usage_record',
  schema: UsageRecordSchema,
  key: 'ledgerId',
  indexes: ['leaseId', 'resourceId', 'providerActorId', 'consumerActorId', 'createdAt'],
  visibility: { parties: ['consumerActorId', 'providerActorId'] },
  keeping: 'append',
})
