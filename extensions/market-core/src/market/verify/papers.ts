/** What a lease was made from: its order, consent and delivery say the same, under the offer that was consented to. */
import { canonicalJson } from '@openclaw-market/protocol/canonical'
import type { Policy } from '@openclaw-market/protocol/entities/resource'
import { consentDigest } from '@openclaw-market/protocol/typed-data/consent'
import type { Audience, LeaseFacts } from './facts.ts'
import { agree, all, rules, same } from './findings.ts'
import { samePrices } from './resources.ts'

const parties = ['consumerActorId', 'providerActorId'] as const

export const paperRules = rules<LeaseFacts>({
  'order.terms': ({ order, lease, offer }) =>
    all(
      agree(['orderId', 'leaseId', 'resourceId', 'offerId', 'settlementId'], order, lease),
      agree([...parties, 'currency', 'maxCost', 'creditLineId', 'expiresAt', 'createdAt'], order, lease),
      same('offerHash', order.offerHash, offer.offerHash),
    ),
  'consent.terms': ({ consent, lease, offer }) =>
    all(
      agree(['consentId', 'orderId', 'leaseId', ...parties, 'createdAt'], consent, lease),
      agree(['region', 'durationDays'], consent.scope, offer.terms.usageScope),
    ),
  'consent.amount': ({ consent, lease }) =>
    consent.maxCost >= lease.maxCost || `covers ${consent.maxCost}, and ${lease.maxCost} is locked`,
  'consent.time': ({ consent }) =>
    consent.quoteId === undefined || consent.validUntil > consent.createdAt || 'was used when it was over',
  'consent.quote': ({ quote }) =>
    quote === undefined || `was given for ${quote.quoteId}, which could be used again`,
  'consent.digest': (facts) =>
    facts.audience === undefined ||
    facts.consent.digest === digestOf(facts, facts.audience) ||
    'is not the digest of these terms for this market and chain',
  'delivery.terms': ({ delivery, lease, offer }) =>
    all(
      agree(['deliveryId', 'orderId', 'leaseId', ...parties, 'createdAt'], delivery, lease),
      same('deliveryType', delivery.deliveryType, offer.terms.deliveryType),
    ),
  'lease.parties': ({ lease }) => lease.consumerActorId !== lease.providerActorId || 'is leased from oneself',
  'lease.resource': ({ lease, resource }) =>
    all(
      agree(['resourceId', 'providerActorId', 'kind', 'currency'], lease, {
        ...resource,
        // A later version may be in another currency.
        currency: lease.prices[0]?.currency,
      }),
      lease.resourceVersion <= resource.version || 'is of a version that there is not',
    ),
  'lease.offer': ({ lease, offer }) =>
    all(
      agree(['offerId', 'resourceId', 'resourceVersion', 'providerActorId'], lease, offer),
      samePrices(lease, offer) || 'its prices are not those of its offer',
      samePolicy(lease.policy, offer.policy) || 'its policy is not that of its offer',
    ),
  'lease.delegation': ({ lease: { delegation, providerActorId, resourceId, backend, expiresAt } }) =>
    delegation === undefined ||
    (delegation.provider === providerActorId &&
      delegation.resourceId === resourceId &&
      delegation.backend === backend &&
      delegation.expiresAt >= expiresAt) ||
    'is served by a delegation for something else, or not for so long',
})

function samePolicy(a: Policy, b: Policy): boolean {
  return a === b || textOf(a) === textOf(b)
}

/** Records do not change in place. */
const texts = new WeakMap<Policy, string>()

function textOf(policy: Policy): string {
  let text = texts.get(policy)
  if (text === undefined) texts.set(policy, (text = canonicalJson(policy)))
  return text
}

interface Digested {
  readonly order: LeaseFacts['order']
  readonly audience: Audience
  readonly digest: string
}

/** By consent: neither it nor its order is ever changed. */
const digests = new WeakMap<LeaseFacts['consent'], Digested>()

function digestOf({ order, consent }: LeaseFacts, audience: Audience): string {
  const known = digests.get(consent)
  if (known?.order === order && known.audience === audience) return known.digest
  const digest = consentDigest({
    ...audience,
    consumer: consent.consumerActorId,
    provider: consent.providerActorId,
    ...(consent.quoteId === undefined ? {} : { quoteId: consent.quoteId }),
    resourceId: order.resourceId,
    offerHash: order.offerHash,
    purpose: consent.scope.purpose,
    currency: order.currency,
    maxCost: consent.maxCost,
    ttlMs: order.expiresAt - order.createdAt,
    expiresAt: consent.validUntil,
    ...(order.creditLineId === undefined ? {} : { creditLineId: order.creditLineId }),
  })
  digests.set(consent, { order, audience, digest })
  return digest
}
