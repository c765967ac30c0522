import { describe, expect, it } from 'vitest'
import { Offers } from '@openclaw-market/protocol/entities/resource'
import type { ResourceId } from '@openclaw-market/protocol/ids'
import { stateRoot } from '../../store/state-root.ts'
import {
  announce,
  backends,
  delegate,
  does,
  modelPrices,
  modelResource,
  newWallet,
  openWorld,
  refuses,
  storageResource,
  type World,
} from '../market.fixture.ts'
import { getResource } from './get.ts'
import { listResources } from './list.ts'
import { publishResource } from './publish.ts'
import { unpublishResource } from './unpublish.ts'

const anyone = { kind: 'anyone' } as const

function offersOf({ market }: World, resourceId: ResourceId) {
  return market.store.read({ as: 'market' }, async (tx) => {
    const { items } = await tx.list(Offers, { where: { resourceId }, order: 'oldest', limit: 50 })
    return items.map(({ resourceVersion, status }) => [resourceVersion, status])
  })
}

describe.each(backends)('publishing on %s', (backend) => {
  it('again makes the next version, closes the offer before, and keeps when it was first there', async () => {
    const world = await openWorld(backend)
    const first = await does(world, publishResource, { resource: modelResource }, world.node)
    expect(first).toMatchObject({ version: 1, status: 'resource_published' })
    world.clock.now += 1_000
    const { resourceId } = first
    const second = await does(
      world,
      publishResource,
      { resource: { ...modelResource, resourceId, label: 'better' } },
      world.operator,
    )
    expect(second).toMatchObject({ resourceId, version: 2 })
    expect(second.offerHash).not.toBe(first.offerHash)
    expect(await offersOf(world, resourceId)).toEqual([
      [1, 'offer_closed'],
      [2, 'offer_published'],
    ])
    const { resource } = await does(world, getResource, { resourceId }, anyone)
    expect(resource).toMatchObject({
      label: 'better',
      createdAt: world.clock.now - 1_000,
      updatedAt: world.clock.now,
    })
    expect(resource.offer?.assetId).toBe(resourceId)

    await does(world, unpublishResource, { resourceId }, world.node)
    expect(await offersOf(world, resourceId)).toEqual([
      [1, 'offer_closed'],
      [2, 'offer_closed'],
    ])
    expect(await refuses(world, unpublishResource, { resourceId }, world.node)).toMatchObject({
      error: 'E_CONFLICT',
    })
    expect(
      await does(world, publishResource, { resource: { ...modelResource, resourceId } }, world.node),
    ).toMatchObject({ version: 3 })
    expect(world.defects).toEqual([])
  })

  it('refuses what cannot be sold, by place and rule, and leaves nothing', async () => {
    const world = await openWorld(backend)
    const before = await stateRoot(world.market.store)
    const query = { unit: 'query', amount: '1', per: '1', currency: 'USDC' }
    const ahead = world.clock.now + 3_600_000
    const tomorrow = `res_${[...Array(10).keys()].map((i) => '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.charAt(Math.floor(ahead / 32 ** (9 - i)) % 32)).join('')}${'0'.repeat(16)}`
    const cases: readonly (readonly [object, string, string])[] = [
      [{ prices: [query] }, '/resource/prices/0/unit', 'unit'],
      [{ prices: [...modelPrices, modelPrices[0]] }, '/resource/prices/3/unit', 'uniqueItems'],
      [
        { prices: [modelPrices[0], { ...modelPrices[1], currency: 'EURC' }] },
        '/resource/prices/1/currency',
        'sameItems',
      ],
      [{ prices: [{ ...modelPrices[0], currency: 'DOGE' }] }, '/resource/prices/0/currency', 'currency'],
      [{ kind: 'search', prices: [query] }, '/resource/backend', 'kind'],
      [{ tags: ['a', 'a'] }, '/resource/tags', 'uniqueItems'],
      [{ policy: { maxConcurrent: 0 } }, '/resource/policy/maxConcurrent', 'minimum'],
      [{ label: 'a\nb' }, '/resource/label', 'pattern'],
      [{ label: '\ud800' }, '/resource/label', 'format'],
      [{ resourceId: tomorrow }, '/resource/resourceId', 'time'],
      [
        {
          offer: {
            assetId: 'x',
            assetType: 'api',
            usageScope: { purpose: 'p' },
            deliveryType: 'api',
            assetMeta: { 'a/b': 'c' },
          },
        },
        '/resource/offer/assetMeta/a~1b',
        'additionalProperties',
      ],
    ]
    for (const [change, pointer, rule] of cases) {
      const refused = await refuses(
        world,
        publishResource,
        { resource: { ...modelResource, ...change } },
        world.node,
      )
      expect(refused).toMatchObject({ error: 'E_INVALID_ARGUMENT', details: { pointer, rule } })
    }
    const unknown = await refuses(
      world,
      publishResource,
      { resource: { ...modelResource, backend: 'nowhere' } },
      world.node,
    )
    expect(unknown).toMatchObject({
      error: 'E_NOT_CONFIGURED',
      details: { pointer: '/resource/backend', usable: ['llm', 'web', 'disk', 'worker'] },
    })
    expect(await refuses(world, publishResource, { resource: modelResource }, anyone)).toMatchObject({
      error: 'E_AUTH_REQUIRED',
    })
    expect(
      await refuses(
        world,
        publishResource,
        { resource: modelResource },
        { kind: 'market', actorId: world.market.address },
      ),
    ).toMatchObject({ error: 'E_FORBIDDEN' })
    expect(await stateRoot(world.market.store)).toBe(before)
    expect(world.defects).toEqual([])
  })

  it('by another wallet needs a backend that lets it, and its signed delegation', async () => {
    const world = await openWorld(backend)
    const [provider, other] = [newWallet(), newWallet()]
    const resourceId = world.market.ids.next('res')
    const good = await delegate(world, provider, resourceId)
    const send = (delegation: object | undefined, who = provider.who, resource: object = {}) =>
      refuses(
        world,
        publishResource,
        { resource: { ...modelResource, resourceId, ...(delegation && { delegation }), ...resource } },
        who,
      )

    expect(await send(good)).toMatchObject({ error: 'E_NOT_CONFIGURED', details: { usable: [] } })
    announce(world.market, [provider.actorId, other.actorId])
    const faults: readonly (readonly [string, object | undefined])[] = [
      ['it is missing', undefined],
      ['its provider is not the publisher', await delegate(world, other, resourceId)],
      ['its delegate is not this market', { ...good, delegate: other.actorId }],
      ['it is for another resourceId', await delegate(world, provider, world.market.ids.next('res'))],
      ['it is for another backend', await delegate(world, provider, resourceId, 'web')],
      ['it has expired', await delegate(world, provider, resourceId, 'llm', 0)],
      [
        "its signature is not the provider's",
        { ...good, signature: (await delegate(world, other, resourceId)).signature },
      ],
      [
        "its signature is not the provider's",
        { ...good, expiresAt: new Date(world.clock.now + 86_400_001).toISOString() },
      ],
    ]
    for (const [fault, delegation] of faults) {
      const refused = await send(delegation)
      expect(refused.error).toBe('E_FORBIDDEN')
      expect(refused.message).toContain(fault)
    }
    const made = await does(
      world,
      publishResource,
      { resource: { ...modelResource, resourceId, delegation: good } },
      provider.who,
    )
    expect(made).toMatchObject({ resourceId, version: 1 })
    // The id is taken for everyone else, and the kind stays.
    const theirs = { ...modelResource, resourceId, delegation: await delegate(world, other, resourceId) }
    expect(await refuses(world, publishResource, { resource: theirs }, other.who)).toMatchObject({
      error: 'E_CONFLICT',
    })
    expect(
      await refuses(world, publishResource, { resource: { ...modelResource, resourceId } }, world.node),
    ).toMatchObject({ error: 'E_CONFLICT' })
    const disk = {
      ...storageResource,
      resourceId,
      delegation: await delegate(world, provider, resourceId, 'disk'),
    }
    expect(await refuses(world, publishResource, { resource: disk }, provider.who)).toMatchObject({
      error: 'E_CONFLICT',
    })
    expect(world.defects).toEqual([])
  })

  it('with an idempotency key happens once', async () => {
    const world = await openWorld(backend)
    const wish = { resource: modelResource, idempotencyKey: 'publish-1' }
    const [one, two] = await Promise.all([
      does(world, publishResource, wish, world.node),
      does(world, publishResource, wish, world.node),
    ])
    expect(two).toEqual(one)
    const other = { resource: { ...modelResource, label: 'x' }, idempotencyKey: 'publish-1' }
    expect(await refuses(world, publishResource, other, world.node)).toMatchObject({ error: 'E_CONFLICT' })
    expect((await does(world, listResources, {}, anyone)).resources).toHaveLength(1)
  })
})
