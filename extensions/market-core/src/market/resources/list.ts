import { Type } from '@sinclair/typebox'
import { Resources, Tag } from '@openclaw-market/protocol/entities/resource'
import { PriceComponent } from '@openclaw-market/protocol/money/price'
import { resourceKinds } from '@openclaw-market/protocol/money/units'
import { query } from '@openclaw-market/protocol/operation'
import { nextCursor, paging } from '@openclaw-market/protocol/schema/paging'
import { ActorId, closed, line, literals } from '@openclaw-market/protocol/schema/scalars'
import { resourceStates } from '@openclaw-market/protocol/states/tables'
import { ResourceView, showResource } from '@openclaw-market/protocol/views/resource'
import { given, next, page } from '../page.ts'
import { fits } from './fits.ts'

export const listResources = query({
  name: 'market.resource.list',
  summary: 'Resources that one may see, newest first, by kind, provider, state, tag, words and price.',
  scope: 'read',
  params: closed({
    kind: Type.Optional(literals(resourceKinds)),
    providerActorId: Type.Optional(ActorId),
    status: Type.Optional(literals(resourceStates)),
    tag: Type.Optional(Tag),
    q: Type.Optional(line(1, 100, 'words, all of them in label, description or tags, in any case')),
    maxPrice: Type.Optional(
      closed(PriceComponent.properties, {
        description: 'only what prices this unit at most so',
      }),
    ),
    ...paging,
  }),
  result: closed({ resources: Type.Array(ResourceView), nextCursor }),
  errors: [],
  async answer(tx, { kind, providerActorId, status, tag, q, maxPrice, limit, cursor }) {
    const listed = await tx.list(Resources, {
      where: given({ kind, providerActorId, status, currency: maxPrice?.currency }),
      tagged: given({ tags: tag }),
      filter: fits(given({ q, maxPrice })),
      ...page(limit ?? 50, cursor),
    })
    return { resources: listed.items.map(showResource), ...next(listed) }
  },
})
