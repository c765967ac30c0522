import { describe, expect, it } from 'vitest'
import { Resources } from '@openclaw-market/protocol/entities/resource'
import type { ResourceId } from '@openclaw-market/protocol/ids'
import { backends, does, newWallet, openWorld, publish, refuses } from '../market.fixture.ts'
import { getResource } from './get.ts'
import { listResources } from './list.ts'
import { unpublishResource } from './unpublish.ts'

const anyone = { kind: 'anyone' } as const

describe.each(backends)('a resource on the list of %s', (backend) => {
  it('is what others see, and never where it is served from', async () => {
    const world = await openWorld(backend)
    const wallet = newWallet()
    const resourceId = await publish(world)
    for (const who of [anyone, wallet.who, world.node, world.operator]) {
      const envelope = JSON.stringify([
        await world.market.run(getResource, { resourceId }, who),
        await world.market.run(listResources, {}, who),
      ])
      expect(envelope).not.toContain('llm')
      expect(envelope).not.toContain('"rev"')
    }
    expect(await refuses(world, unpublishResource, { resourceId }, wallet.who)).toMatchObject({
      error: 'E_NOT_FOUND',
    })
    await does(world, unpublishResource, { resourceId }, world.node)
    for (const who of [anyone, wallet.who]) {
      expect(await refuses(world, getResource, { resourceId }, who)).toMatchObject({ error: 'E_NOT_FOUND' })
      expect((await does(world, listResources, {}, who)).resources).toEqual([])
      expect((await does(world, listResources, { status: 'resource_unpublished' }, who)).resources).toEqual(
        [],
      )
    }
    expect(
      (await does(world, listResources, { status: 'resource_unpublished' }, world.node)).resources,
    ).toHaveLength(1)
    const kept = await world.market.store.read({ as: 'market' }, (tx) => tx.get(Resources, resourceId))
    expect(kept?.backend).toBe('llm')
  })

  it('is found by kind, provider, tag, words and price, a page at a time', async () => {
    const world = await openWorld(backend)
    const ids: ResourceId[] = []
    for (let i = 0; i < 5; i++) {
      const prices = [{ unit: 'query', amount: String(i + 1), per: '2', currency: 'USDC' }]
      ids.unshift(
        await publish(world, {
          kind: 'search',
          backend: 'web',
          prices,
          label: `Index ${i}`,
          tags: i % 2 === 0 ? ['even'] : ['odd'],
        }),
      )
    }
    await publish(world, { description: 'speaks Latin' })
    const find = async (params: object) =>
      (await does(world, listResources, params, anyone)).resources.map((r) => r.resourceId)
    expect(await find({ kind: 'search' })).toEqual(ids)
    expect(await find({ tag: 'odd' })).toEqual([ids[1], ids[3]])
    expect(await find({ q: 'INDEX 3' })).toEqual([ids[1]])
    expect(await find({ q: 'latin' })).toHaveLength(1)
    expect(await find({ q: 'index latin' })).toEqual([])
    expect(await find({ providerActorId: world.market.address.toLowerCase(), kind: 'model' })).toHaveLength(1)
    expect(await find({ providerActorId: newWallet().actorId })).toEqual([])
    // 3/2 is at most 6/4; 4/2 is not.
    expect(await find({ maxPrice: { unit: 'query', amount: '6', per: '4', currency: 'USDC' } })).toEqual([
      ids[2],
      ids[3],
      ids[4],
    ])
    expect(await find({ maxPrice: { unit: 'query', amount: '6', per: '4', currency: 'EURC' } })).toEqual([])
    const paged: ResourceId[] = []
    let cursor: string | undefined
    do {
      const page = await does(
        world,
        listResources,
        { kind: 'search', limit: 2, ...(cursor === undefined ? {} : { cursor }) },
        anyone,
      )
      expect(page.resources.length).toBeLessThanOrEqual(2)
      paged.push(...page.resources.map((r) => r.resourceId))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    expect(paged).toEqual(ids)
    expect(await refuses(world, listResources, { limit: 201 }, anyone)).toMatchObject({
      details: { pointer: '/limit', rule: 'maximum' },
    })
    expect(await refuses(world, listResources, { cursor: '!!' }, anyone)).toMatchObject({
      details: { pointer: '/cursor', rule: 'cursor' },
    })
  })
})
