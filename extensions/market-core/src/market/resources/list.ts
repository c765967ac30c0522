import { Type } from '@sinclair/typebox'
import { Resources, Tag, type Resource } from '@openclaw-market/protocol/entities/resource'
import { PriceComponent } from '@openclaw-market/protocol/money/price'
import { resourceKinds } from '@openclaw-market/protocol/money/units'
import { query } from '@openclaw-market/protocol/operation'
import { nextCursor, paging } from '@openclaw-market/protocol/schema/paging'
import { ActorId, closed, line, literals } from '@openclaw-market/protocol/schema/scalars'
import { resourceStates } from '@openclaw-market/protocol/states/tables'
import { ResourceView, showResource } from '@openclaw-market/protocol/views/resource'
import { given, next, page } from '../page.ts'

export const listResources = query({
  name: 'market.resource.list',
  summary: 'Resources that one may see, newest first, by kind, provider, state, tag, words and price.',
  scope: 'read',
  params: closed({
    kind: Type.Optional(literals(resourceKinds)),
    providerActorId: Type.Optional(ActorId),
    status: Type.Optional(literals(resourceStates)),
    tag: Type.Optional(Tag),
    q: Type.Optional(line(1, 100, 'words that label, description or tags contain, all of them, in any case')),
    maxPrice: Type.Optional(
      closed(PriceComponent.properties, {
        description: 'only resources that price this unit in this currency at most so',
      }),
    ),
    ...paging,
  }),
  result: closed({ resources: Type.Array(ResourceView), nextCursor }),
  errors: [],
  async answer(tx, { kind, providerActorId, status, tag, q, maxPrice, limit, cursor }) {
    const words =
      q
        ?.toLowerCase()
        .split(/\s+/)
        .filter((word) => word !== '') ?? []
    const listed = await tx.list(Resources, {
      where: given({ kind, providerActorId, status, currency: maxPrice?.currency }),
      tagged: given({ tags: tag }),
      filter: (r) => (maxPrice === undefined || isWithin(r, maxPrice)) && hasWords(r, words),
      ...page(limit ?? 50, cursor),
    })
    return { resources: listed.items.map(showResource), ...next(listed) }
  },
})

type Bound = { unit: string; amount: bigint; per: bigint; currency: string }

/** amount/per ≤ bound.amount/bound.per, without dividing. */
function isWithin({ prices }: Resource, bound: Bound): boolean {
  const price = prices.find((p) => p.unit === bound.unit && p.currency === bound.currency)
  return price !== undefined && price.amount * bound.per <= bound.amount * price.per
}

function hasWords({ label, description, tags }: Resource, words: readonly string[]): boolean {
  if (words.length === 0) return true
  const text = `${label}\n${description ?? ''}\n${tags.join('\n')}`.toLowerCase()
  return words.every((word) => text.includes(word))
}
