import { Type, type Static } from '@sinclair/typebox'
import { canonicalHash } from '@openclaw-market/protocol/canonical'
import {
  BackendName,
  Delegation,
  Offers,
  OfferTerms,
  Policy,
  Resources,
  Tag,
  type Offer,
  type Resource,
} from '@openclaw-market/protocol/entities/resource'
import { MarketError } from '@openclaw-market/protocol/errors'
import { OfferId, ResourceId, timeOf } from '@openclaw-market/protocol/ids'
import { currencyOf, Prices } from '@openclaw-market/protocol/money/price'
import { resourceKinds } from '@openclaw-market/protocol/money/units'
import { insert, operation, update, type DecideContext } from '@openclaw-market/protocol/operation'
import { actorOf } from '@openclaw-market/protocol/principal'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { idempotencyKey } from '@openclaw-market/protocol/schema/paging'
import { ActorId, closed, line, literals, Sha256Hex } from '@openclaw-market/protocol/schema/scalars'
import { transition } from '@openclaw-market/protocol/states/machine'
import { offerMachine, resourceMachine, resourceStates } from '@openclaw-market/protocol/states/tables'
import { delegationTypedData } from '@openclaw-market/protocol/typed-data/delegation'
import { checkPrices, ResourcePrices, unitsByKind, usableBackend } from './terms.ts'

export const ResourceInput = closed(
  {
    resourceId: Type.Optional(
      Type.Unsafe<ResourceId>({
        ...ResourceId,
        description: 'for a new version of it, or your own for a new one',
      }),
    ),
    kind: literals(resourceKinds),
    label: line(1, 80, 'what a reader sees in a list'),
    description: Type.Optional(line(0, 400)),
    tags: Type.Optional(Type.Array(Tag, { maxItems: 12, uniqueItems: true })),
    prices: ResourcePrices,
    policy: Type.Optional(Policy),
    backend: BackendName,
    delegation: Type.Optional(Delegation),
    arbiter: Type.Optional(ActorId),
    offer: Type.Optional(OfferTerms),
  },
  { allOf: unitsByKind },
)

/** How far the clock of whoever makes an id of its own may be ahead. */
const clockSkewMs = 600_000

const params = closed({ resource: ResourceInput, idempotencyKey })
type Params = Static<typeof params>

/** Publishing again makes the next version with an offer of its own; leases keep the terms they were made under. */
export const publishResource = operation({
  name: 'market.resource.publish',
  summary:
    'Offers a capability that a backend of this host serves, at exact prices; again: the next version of it.',
  effect: 'write',
  scope: 'admin',
  params,
  result: closed({
    resourceId: ResourceId,
    offerId: OfferId,
    offerHash: Sha256Hex,
    version: Type.Integer(),
    status: literals(resourceStates),
  }),
  errors: ['E_NOT_CONFIGURED', 'E_CONFLICT', 'E_FORBIDDEN'],
  callers: ['node', 'wallet', 'operator'],
  idempotency: 'key',
  async prove(_read, { resource: { delegation } }, { rules }, prover) {
    if (delegation === undefined) return false
    return prover.verify({
      address: delegation.provider,
      chainId: rules.chainId,
      signature: delegation.signature,
      typedData: delegationTypedData({ chainId: rules.chainId, ...delegation }),
    })
  },
  async load(tx, { resource }) {
    const before =
      resource.resourceId === undefined ? undefined : await tx.get(Resources, resource.resourceId)
    return { before, offer: before === undefined ? undefined : await tx.get(Offers, before.offerId) }
  },
  decide({ before, offer }, { resource: input }, context) {
    const { who, now, ids, rules } = context
    const actor = actorOf(who)
    checkPrices(rules, input.kind, input.prices)
    usableBackend(rules, input.backend, input.kind, actor)
    const delegation = checkDelegation(input, actor, context)
    if (before !== undefined) checkSame(before, actor, input.kind)
    else if (input.resourceId !== undefined) checkOwnId(input.resourceId, now)
    const resourceId = before?.resourceId ?? input.resourceId ?? ids.next('res')
    const version = (before?.version ?? 0) + 1
    const terms = input.offer ?? defaultTerms(resourceId)
    const policy = input.policy ?? {}
    const offerId = ids.next('offer')
    const offerHash = hashOffer({ resourceId, version, provider: actor, terms, prices: input.prices, policy })
    const resource: Resource = {
      rev: before?.rev ?? 0,
      resourceId,
      providerActorId: actor,
      kind: input.kind,
      label: input.label,
      ...(input.description === undefined ? {} : { description: input.description }),
      tags: input.tags ?? [],
      prices: input.prices,
      currency: currencyOf(input.prices),
      policy,
      backend: input.backend,
      ...(delegation === undefined ? {} : { delegation }),
      ...(input.arbiter === undefined ? {} : { arbiter: input.arbiter }),
      offerId,
      offerHash,
      version,
      status:
        before === undefined
          ? 'resource_published'
          : transition(resourceMachine, before.status, 'resource_published', `resource ${resourceId}`),
      createdAt: before?.createdAt ?? now,
      updatedAt: now,
    }
    return {
      result: { resourceId, offerId, offerHash, version, status: resource.status },
      subjects: [resourceId, offerId],
      writes: [
        before === undefined ? insert(Resources, resource) : update(Resources, resource),
        ...closeOffer(offer),
        insert(Offers, {
          offerId,
          resourceId,
          resourceVersion: version,
          providerActorId: actor,
          terms,
          prices: input.prices,
          policy,
          offerHash,
          status: 'offer_published',
          createdAt: now,
        }),
      ],
    }
  },
})

/** Whoever is not this market's own actor lets the node key serve by a signed delegation, for this resource and backend alone. */
function checkDelegation(
  input: Params['resource'],
  actor: ActorId,
  { rules, now, proof }: DecideContext<boolean>,
): Delegation | undefined {
  const { delegation } = input
  if (actor === rules.market) return undefined
  const fault =
    delegation === undefined
      ? 'it is missing'
      : delegation.provider !== actor
        ? 'its provider is not the publisher'
        : delegation.delegate !== rules.market
          ? 'its delegate is not this market'
          : delegation.resourceId !== input.resourceId
            ? 'it is for another resourceId'
            : delegation.backend !== input.backend
              ? 'it is for another backend'
              : delegation.expiresAt <= now
                ? 'it has expired'
                : proof
                  ? undefined
                  : "its signature is not the provider's"
  if (fault === undefined) return delegation
  throw new MarketError('E_FORBIDDEN', `serving for ${actor} needs a signed delegation, and ${fault}`, {
    details: { pointer: '/resource/delegation', delegate: rules.market },
    hint: `Choose a resourceId, sign a Delegation (EIP-712) of it to ${rules.market}, and publish with both.`,
  })
}

/** Lists are sorted by the time in the id: one of tomorrow would stay on top of every list. */
function checkOwnId(resourceId: ResourceId, now: number): void {
  if (timeOf(resourceId) <= now + clockSkewMs) return
  throw new MarketError('E_INVALID_ARGUMENT', '/resource/resourceId: its time has not come', {
    details: { pointer: '/resource/resourceId', rule: 'time' },
    hint: 'Make the id (res_ and a ULID) of the present time, or leave it out.',
  })
}

function checkSame(before: Resource, actor: ActorId, kind: Resource['kind']): void {
  if (before.providerActorId !== actor) {
    throw new MarketError('E_CONFLICT', 'this resourceId is taken', {
      hint: 'Choose another, or leave it out.',
    })
  }
  if (before.kind !== kind) {
    throw new MarketError('E_CONFLICT', `this resource is a ${before.kind} and stays one`, {
      hint: 'Publish the other kind as a resource of its own.',
    })
  }
}

function defaultTerms(resourceId: ResourceId): Offer['terms'] {
  return {
    assetId: resourceId,
    assetType: 'api',
    usageScope: { purpose: 'use within a lease' },
    deliveryType: 'api',
  }
}

function closeOffer(offer: Offer | undefined) {
  if (offer === undefined || offer.status === 'offer_closed') return []
  const status = transition(offerMachine, offer.status, 'offer_closed', `offer ${offer.offerId}`)
  return [update(Offers, { ...offer, status })]
}

const HashedOffer = closed({
  resourceId: ResourceId,
  version: Type.Integer(),
  provider: ActorId,
  terms: OfferTerms,
  prices: Prices,
  policy: Policy,
})

/** The terms a consumer consents to, as one hash: SHA-256 of their canonical JSON. */
export function hashOffer(offer: Static<typeof HashedOffer>): string {
  return canonicalHash(codec(HashedOffer).encode(offer))
}
