import { Type, type Static } from '@sinclair/typebox'
import { collection } from '../collection.ts'
import { OfferId, ResourceId } from '../ids.ts'
import { Prices } from '../money/price.ts'
import { resourceKinds } from '../money/units.ts'
import {
  ActorId,
  closed,
  closedRecord,
  line,
  literals,
  Sha256Hex,
  Signature,
  Timestamp,
} from '../schema/scalars.ts'
import { offerStates, resourceStates } from '../states/tables.ts'

export const Tag = Type.String({
  pattern: '^[a-z0-9][a-z0-9._-]{0,31}$',
  description: 'lower case, at most 32',
})

/** What a leaseholder may do with a resource; every bound has a default in `policyDefaults`. */
export const Policy = closed({
  maxConcurrent: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1000, description: 'open calls of a lease' }),
  ),
  maxTokens: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 200_000, description: 'output tokens of a call' }),
  ),
  maxBytes: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_073_741_824, description: 'bytes of a request' }),
  ),
  maxTotalBytes: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1_099_511_627_776,
      description: 'bytes that a lease may keep',
    }),
  ),
  maxRequestsPerMinute: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
  maxCallMs: Type.Optional(
    Type.Integer({ minimum: 1_000, maximum: 3_600_000, description: 'longest a call may take' }),
  ),
  allowTools: Type.Optional(Type.Boolean({ description: 'tool definitions may be sent' })),
  allowMime: Type.Optional(
    Type.Array(Type.String({ pattern: '^[a-z0-9.+-]+/(\\*|[a-z0-9.+-]+)$', maxLength: 100 }), {
      maxItems: 64,
      uniqueItems: true,
      description: 'types that may be stored; absent: any',
    }),
  ),
  keepFilesDays: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 365, description: 'days that stored files outlive the lease' }),
  ),
})
export type Policy = Static<typeof Policy>

export const policyDefaults = {
  maxConcurrent: 8,
  maxTokens: 4_096,
  maxBytes: 1_048_576,
  maxTotalBytes: 104_857_600,
  maxRequestsPerMinute: 600,
  maxCallMs: 120_000,
  allowTools: true,
  keepFilesDays: 0,
} as const satisfies Policy

export type EffectivePolicy = typeof policyDefaults extends infer D
  ? { readonly [K in keyof D]: D[K] extends boolean ? boolean : number } & {
      readonly allowMime?: readonly string[]
    }
  : never

export function effectivePolicy(policy: Policy): EffectivePolicy {
  return { ...policyDefaults, ...policy }
}

export const UsageScope = closed({
  purpose: line(1, 200, 'what the use is for'),
  region: Type.Optional(line(1, 64)),
  durationDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 3650 })),
  transferable: Type.Optional(Type.Boolean()),
})

export const OfferTerms = closed({
  assetId: line(1, 128),
  assetType: literals(['data', 'api', 'service']),
  usageScope: UsageScope,
  deliveryType: literals(['download', 'api', 'service']),
  assetMeta: Type.Optional(closedRecord('^[A-Za-z0-9_.-]{1,64}$', line(0, 400), { maxProperties: 32 })),
})

/** A provider's leave for this gateway's key to serve one resource and write its usage (DESIGN §4), signed by EIP-712. */
export const Delegation = closed({
  provider: ActorId,
  delegate: ActorId,
  resourceId: ResourceId,
  backend: line(1, 64),
  expiresAt: Timestamp,
  signature: Signature,
})
export type Delegation = Static<typeof Delegation>

/** The name under which a provider's local config keeps a backend. Its address never leaves the host. */
export const BackendName = Type.String({
  pattern: '^[a-z0-9][a-z0-9-]{0,63}$',
  description: 'a backend of local config',
})

export const ResourceSchema = closed({
  rev: Type.Integer(),
  resourceId: ResourceId,
  providerActorId: ActorId,
  kind: literals(resourceKinds),
  label: line(1, 80),
  description: Type.Optional(line(0, 400)),
  tags: Type.Array(Tag, { maxItems: 12, uniqueItems: true }),
  prices: Prices,
  currency: Type.String(),
  policy: Policy,
  backend: BackendName,
  delegation: Type.Optional(Delegation),
  arbiter: Type.Optional(ActorId),
  offerId: OfferId,
  offerHash: Sha256Hex,
  version: Type.Integer({ minimum: 1 }),
  status: literals(resourceStates),
  createdAt: Timestamp,
  updatedAt: Timestamp,
})
export type Resource = Static<typeof ResourceSchema>

export const Resources = collection({
  name: 'resource',
  schema: ResourceSchema,
  key: 'resourceId',
  indexes: ['providerActorId', 'kind', 'status', 'currency'],
  coarse: ['currency'],
  tags: ['tags'],
  visibility: { parties: ['providerActorId'], public: { field: 'status', equals: 'resource_published' } },
  secrets: ['backend', 'delegation'],
})

export const OfferSchema = closed({
  rev: Type.Integer(),
  offerId: OfferId,
  resourceId: ResourceId,
  resourceVersion: Type.Integer({ minimum: 1 }),
  providerActorId: ActorId,
  terms: OfferTerms,
  prices: Prices,
  policy: Policy,
  offerHash: Sha256Hex,
  status: literals(offerStates),
  createdAt: Timestamp,
})
export type Offer = Static<typeof OfferSchema>

export const Offers = collection({
  name: 'offer',
  schema: OfferSchema,
  key: 'offerId',
  indexes: ['resourceId', 'providerActorId', 'status'],
  visibility: { parties: ['providerActorId'], public: { field: 'status', equals: 'offer_published' } },
})
