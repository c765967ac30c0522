/** A resource and its offers: one offer a version, and only the last one may be open. */
import type { EntityOf } from '@openclaw-market/protocol/collection'
import { canonicalJson } from '@openclaw-market/protocol/canonical'
import { Offers, Resources, type Offer, type Resource } from '@openclaw-market/protocol/entities/resource'
import { Prices } from '@openclaw-market/protocol/money/price'
import { unitsOf } from '@openclaw-market/protocol/money/units'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { hashOffer } from '../resources/publish.ts'
import type { Books } from './books.ts'
import { eventsOf, type Tally, type Told } from './events.ts'
import { agree, all, exactlyWhen, rules, same } from './findings.ts'

interface ResourceFacts {
  readonly resource: Resource
  /** By rising version. */
  readonly offers: readonly Offer[]
  readonly told: Told
}

const resourceRules = rules<ResourceFacts>({
  'resource.offers': ({ resource, offers }) => {
    const gap = offers.findIndex((offer, i) => offer.resourceVersion !== i + 1)
    return gap >= 0
      ? `has no offer of version ${gap + 1}, or several`
      : same('version', resource.version, offers.length)
  },
  'resource.offer': ({ resource, offers }) => {
    const last = offers.at(-1)
    return (
      last === undefined ||
      all(
        agree(['offerId', 'offerHash', 'providerActorId'], resource, last),
        last.resourceVersion !== resource.version ||
          samePrices(resource, last) ||
          'its prices are not those of its offer',
      )
    )
  },
  'resource.open': ({ resource, offers }) => {
    const old = offers.find((offer) => offer.offerId !== resource.offerId && offer.status !== 'offer_closed')
    if (old !== undefined) return `${old.offerId} is not its offer any more, and is not closed`
    const open = offers.some((offer) => offer.status === 'offer_published')
    return exactlyWhen('an open offer', open, resource.status === 'resource_published', 'it is published')
  },
  'resource.prices': ({ resource: { prices, currency, kind } }) => {
    const units: readonly string[] = unitsOf[kind]
    const wrong = prices.find((price) => price.currency !== currency || !units.includes(price.unit))
    if (wrong !== undefined) return `a price by ${wrong.unit} in ${wrong.currency} is none of a ${kind}`
    return new Set(prices.map(({ unit }) => unit)).size === prices.length || 'prices a unit twice'
  },
  'resource.delegation': ({ resource: { delegation, resourceId, backend, providerActorId } }) =>
    delegation === undefined ||
    (delegation.provider === providerActorId &&
      delegation.resourceId === resourceId &&
      delegation.backend === backend) ||
    'is served by a delegation for something else',
  'resource.times': ({ resource: { createdAt, updatedAt }, offers }) =>
    all(
      updatedAt >= createdAt || 'is updated before it was made',
      offers[0] === undefined || same('its first offer, in milliseconds,', offers[0].createdAt, createdAt),
    ),
  'resource.events': ({ resource, told }) =>
    all(
      same('publications told', told.get('market.resource.publish'), resource.version),
      resource.status === 'resource_published' ||
        told.has('market.resource.unpublish') ||
        'nobody has told that it was unpublished',
    ),
})

type Priced = Pick<Resource, 'prices'>

export function samePrices(a: Priced, b: Priced): boolean {
  return a.prices === b.prices || textOf(a.prices) === textOf(b.prices)
}

/** Records are not changed in place. */
const texts = new WeakMap<Resource['prices'], string>()

function textOf(prices: Resource['prices']): string {
  let text = texts.get(prices)
  if (text === undefined) texts.set(prices, (text = canonicalJson(codec(Prices).encode(prices))))
  return text
}

interface OfferFacts {
  readonly offer: EntityOf<typeof Offers>
  readonly resource: Resource | undefined
}

/** An offer does not change but for its status, which its hash does not cover. */
const hashes = new WeakMap<Offer, string>()

function hashOf(offer: Offer): string {
  let hash = hashes.get(offer)
  if (hash === undefined) {
    const { resourceId, resourceVersion: version, providerActorId: provider, terms, prices, policy } = offer
    hashes.set(offer, (hash = hashOffer({ resourceId, version, provider, terms, prices, policy })))
  }
  return hash
}

const offerRules = rules<OfferFacts>({
  'offer.resource': ({ offer, resource }) =>
    resource === undefined
      ? `there is no resource ${offer.resourceId}`
      : agree(['providerActorId'], offer, resource),
  'offer.hash': ({ offer }) => same('offerHash', offer.offerHash, hashOf(offer)),
})

export async function checkResources(books: Books, tally: Tally): Promise<void> {
  await books.each(Resources, async (resource) => {
    const { resourceId } = resource
    const offers = await books.list(Offers, { resourceId })
    offers.sort((a, b) => a.resourceVersion - b.resourceVersion)
    const told = eventsOf(tally, resourceId)
    books.findings.apply(resourceRules, resourceId, { resource, offers, told })
  })
  await books.each(Offers, async (offer) => {
    const resource = await books.get(Resources, offer.resourceId)
    books.findings.apply(offerRules, offer.offerId, { offer, resource })
  })
}
