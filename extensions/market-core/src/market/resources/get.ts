import { Offers, Resources } from '@openclaw-market/protocol/entities/resource'
import { ResourceId } from '@openclaw-market/protocol/ids'
import { query } from '@openclaw-market/protocol/operation'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { ResourceDetail, showResourceDetail } from '@openclaw-market/protocol/views/resource'
import { found } from '../found.ts'

export const getResource = query({
  name: 'market.resource.get',
  summary:
    'One resource: what it is, its exact prices, its policy and the terms of its offer. Never where it is served from.',
  scope: 'read',
  params: closed({ resourceId: ResourceId }),
  result: closed({ resource: ResourceDetail }),
  errors: ['E_NOT_FOUND'],
  async answer(tx, { resourceId }) {
    const resource = found(await tx.get(Resources, resourceId), 'resource', resourceId)
    return { resource: showResourceDetail(resource, await tx.get(Offers, resource.offerId)) }
  },
})
