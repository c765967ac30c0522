import { Offers, Resources } from '@openclaw-market/protocol/entities/resource'
import { MarketError } from '@openclaw-market/protocol/errors'
import { ResourceId } from '@openclaw-market/protocol/ids'
import { operation, update } from '@openclaw-market/protocol/operation'
import { actorOf } from '@openclaw-market/protocol/principal'
import { closed, literals } from '@openclaw-market/protocol/schema/scalars'
import { transition } from '@openclaw-market/protocol/states/machine'
import { offerMachine, resourceMachine, resourceStates } from '@openclaw-market/protocol/states/tables'
import { found } from '../found.ts'

/** Takes a resource off the market. Leases that there are run to their end under their own terms. */
export const unpublishResource = operation({
  name: 'market.resource.unpublish',
  summary: 'Takes a resource off the market; leases of it run to their end.',
  effect: 'write',
  scope: 'admin',
  params: closed({ resourceId: ResourceId }),
  result: closed({ resourceId: ResourceId, status: literals(resourceStates) }),
  errors: ['E_NOT_FOUND', 'E_CONFLICT'],
  callers: ['node', 'wallet', 'operator'],
  async load(tx, { resourceId }, { who }) {
    const resource = await tx.get(Resources, resourceId)
    const mine = resource?.providerActorId === actorOf(who) ? resource : undefined
    const own = found(mine, 'resource of yours', resourceId)
    return { resource: own, offer: found(await tx.get(Offers, own.offerId), 'offer', own.offerId) }
  },
  decide({ resource, offer }, { resourceId }, { now }) {
    if (resource.status === 'resource_unpublished') {
      throw new MarketError('E_CONFLICT', 'this resource is off the market already', {
        hint: 'Publish it again to offer it; leases of it run to their end.',
      })
    }
    const status = transition(
      resourceMachine,
      resource.status,
      'resource_unpublished',
      `resource ${resourceId}`,
    )
    return {
      result: { resourceId, status },
      subjects: [resourceId],
      writes: [
        update(Resources, { ...resource, status, updatedAt: now }),
        update(Offers, {
          ...offer,
          status: transition(offerMachine, offer.status, 'offer_closed', `offer ${offer.offerId}`),
        }),
      ],
    }
  },
})
