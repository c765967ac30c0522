import type { Resource } from '@openclaw-market/protocol/entities/resource'
import type { PriceComponent } from '@openclaw-market/protocol/money/price'
import type { Static } from '@sinclair/typebox'

type Bound = Static<typeof PriceComponent>
type Described = Pick<Resource, 'label' | 'description' | 'tags' | 'prices'>

/** Whether a resource has all the words, and prices a unit at most so. */
export function fits({
  q,
  maxPrice,
}: {
  readonly q?: string
  readonly maxPrice?: Bound
}): (resource: Described) => boolean {
  const words = (q ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  return (resource) => (maxPrice === undefined || isWithin(resource, maxPrice)) && hasWords(resource, words)
}

/** amount/per ≤ bound.amount/bound.per, without dividing. */
function isWithin({ prices }: Described, bound: Bound): boolean {
  const price = prices.find((p) => p.unit === bound.unit && p.currency === bound.currency)
  return price !== undefined && price.amount * bound.per <= bound.amount * price.per
}

function hasWords({ label, description, tags }: Described, words: readonly string[]): boolean {
  if (words.length === 0) return true
  const text = `${label}\n${description ?? ''}\n${tags.join('\n')}`.toLowerCase()
  return words.every((word) => text.includes(word))
}
