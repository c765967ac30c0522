/** Who may offer what, and who is told a price. */
import { Resources } from '@openclaw-market/protocol/entities/resource'
import { timeOf } from '@openclaw-market/protocol/ids'
import { publishResource } from '../../extensions/market-core/src/market/resources/publish.ts'
import { quoteResource } from '../../extensions/market-core/src/market/resources/quote.ts'
import { unpublishResource } from '../../extensions/market-core/src/market/resources/unpublish.ts'
import { blocks, lineOf } from './law-credit.ts'
import { actor, law, unless, type Law } from './law.ts'

export const resourceLaws: readonly Law[] = [
  law(publishResource, ({ params: { resource }, state, who, now, rules, proof }) => {
    const by = actor(who)
    const { resourceId, delegation } = resource
    const before = resourceId === undefined ? undefined : state.get(Resources, resourceId)
    const backend = rules.backends.get(resource.backend)
    const mayUse = by === rules.market || backend?.publishers.some((each) => each === by) === true
    const granted =
      delegation !== undefined &&
      delegation.provider === by &&
      delegation.delegate === rules.market &&
      delegation.resourceId === resourceId &&
      delegation.backend === resource.backend &&
      delegation.expiresAt > now &&
      proof
    return unless(
      [backend === undefined || !mayUse, 'E_NOT_CONFIGURED'],
      [backend !== undefined && backend.kind !== resource.kind, 'E_INVALID_ARGUMENT'],
      [by !== rules.market && !granted, 'E_FORBIDDEN'],
      [before !== undefined && before.providerActorId !== by, 'E_CONFLICT'],
      [before !== undefined && before.kind !== resource.kind, 'E_CONFLICT'],
      [
        before === undefined && resourceId !== undefined && timeOf(resourceId) > now + 600_000,
        'E_INVALID_ARGUMENT',
      ],
    )
  }),
  law(unpublishResource, ({ params, state, who }) => {
    const resource = state.get(Resources, params.resourceId)
    if (resource === undefined || resource.providerActorId !== actor(who)) return ['E_NOT_FOUND']
    return unless([resource.status !== 'resource_published', 'E_CONFLICT'])
  }),
  law(quoteResource, ({ params, state, who }) => {
    const resource = state.get(Resources, params.resourceId)
    if (resource?.status !== 'resource_published') return ['E_NOT_FOUND']
    const by = actor(who)
    return unless(
      [resource.providerActorId === by, 'E_FORBIDDEN'],
      [blocks(state, resource.providerActorId, by), 'E_FORBIDDEN'],
      [params.mode === 'postpaid' && lineOf(state, resource, by) === undefined, 'E_FORBIDDEN'],
    )
  }),
]
