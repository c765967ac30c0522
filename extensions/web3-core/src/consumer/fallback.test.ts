/** What serves when no lease, no provider or no market can be had: the owner's own, where surely nothing happened. */
import { describe, expect, it } from 'vitest'
import { setMarketState } from '../../../market-core/src/plugin/handle.ts'
import { childWorld, type ChildWorld } from '../plugin/child-world.fixture.ts'
import { freePort } from '../plugin/free-port.fixture.ts'
import { backendsOf, type RunningWorld } from '../plugin/running-world.fixture.ts'
import { tamperingProxy, type TamperingProxy } from '../plugin/tampering-proxy.fixture.ts'
import {
  bad,
  good,
  offerOf,
  temporaryHome,
  testWorld,
  type Json,
  type Kind,
} from '../plugin/world.fixture.ts'
import { callAsNode } from '../surface/gateway-methods.ts'

const fallback = { search: 'docs', storage: 'disk' }
type Store = 'sqlite' | 'file'

interface Beside {
  readonly here: RunningWorld
  there: ChildWorld
  readonly proxy: TamperingProxy
  /** The same market again, where it was. */
  comesBack(): Promise<void>
}

/** A gateway with files and documents of its own, and another market that it leases on. */
async function beside(store: Store): Promise<Beside> {
  const home = await temporaryHome()
  const listen = { port: await freePort() }
  const config = { provider: { listen, backends: backendsOf(home) } }
  const there = await childWorld({ home, store, config })
  const proxy = await tamperingProxy(there.url)
  const here = await testWorld({ store, config: { fallback, markets: [{ name: 'other', url: there.url }] } })
  await there.fund(here.market.address, 1_000_000n)
  const world: Beside = {
    here,
    there,
    proxy,
    async comesBack() {
      world.there = await childWorld({ home, store, config })
    },
  }
  return world
}

async function lease({ here, there }: Beside, kind: Kind): Promise<string> {
  const { resourceId } = good(await there.call('web3.resources.publish', offerOf(kind)))
  const wish = { resourceId, ttlMs: 3_600_000, maxCost: '100000' }
  return String(good(await here.call('web3.resources.lease', wish))['leaseId'])
}

const put = (world: RunningWorld, path: string, text: string) =>
  world.call('web3.storage.put', { path, text })
const get = (world: RunningWorld, path: string) => world.call('web3.storage.get', { path })
const content = (answer: Json): string => Buffer.from(String(answer['bytesBase64']), 'base64').toString()
const lines = (answer: Json) =>
  (answer['files'] as Json[]).map(({ path, source }) => [String(path), String(source)])

describe.each<Store>(['sqlite', 'file'])('a provider that cannot be reached, store %s', (store) => {
  it('the owner’s search serves; a lease that is named is the only one that is meant', async () => {
    const world = await beside(store)
    const leaseId = await lease(world, 'search')
    const { here } = world
    expect(good(await here.call('web3.search.query', { q: 'tides' }))).toMatchObject({
      servedBy: { source: 'lease', leaseId },
    })
    await world.there.kill()
    expect(good(await here.call('web3.search.query', { q: 'tides' }))).toMatchObject({
      results: [{}, {}],
      servedBy: { source: 'local', why: 'not-reached' },
    })
    expect(bad(await here.call('web3.search.query', { q: 'tides', leaseId }))).toMatchObject({
      error: 'E_UNAVAILABLE',
    })
    await world.comesBack()
    expect(good(await here.call('web3.search.query', { q: 'tides' }))).toMatchObject({
      servedBy: { source: 'lease', leaseId, agrees: true },
    })
  })

  it('files are found again wherever they were put, and what may be in the lease is never said to be nowhere', async () => {
    const world = await beside(store)
    await lease(world, 'storage')
    const { here } = world
    good(await put(here, 'plan.md', 'first plan'))
    good(await put(here, 'in-lease.md', 'only there'))
    await world.there.kill()

    expect(good(await put(here, 'plan.md', 'second plan'))).toMatchObject({
      servedBy: { source: 'local', why: 'not-reached' },
    })
    good(await put(here, 'mine.md', 'only here'))
    const away = good(await get(here, 'plan.md'))
    expect(content(away)).toBe('second plan')
    expect(away).toMatchObject({ servedBy: { source: 'local', why: 'not-reached' } })
    expect(bad(await get(here, 'in-lease.md'))).toMatchObject({ error: 'E_UNAVAILABLE' })
    const alone = good(await here.call('web3.storage.list'))
    expect(alone).toMatchObject({ servedBy: { source: 'local', why: 'not-reached' } })
    expect(lines(alone)).toEqual([
      ['mine.md', 'local'],
      ['plan.md', 'local'],
    ])

    await world.comesBack()
    const newer = good(await get(here, 'plan.md'))
    expect([content(newer), newer['servedBy']]).toEqual([
      'second plan',
      expect.objectContaining({ source: 'local', why: 'newer' }),
    ])
    expect(content(good(await get(here, 'in-lease.md')))).toBe('only there')
    expect(content(good(await get(here, 'mine.md')))).toBe('only here')
    expect(bad(await get(here, 'nowhere.md'))).toMatchObject({ error: 'E_NOT_FOUND' })
    const all = [
      ['in-lease.md', 'lease'],
      ['plan.md', 'lease'],
      ['mine.md', 'local'],
      ['plan.md', 'local'],
    ]
    expect(lines(good(await here.call('web3.storage.list')))).toEqual(all)
    for (const limit of [1, 2, 3, 4]) expect(await listedBy(here, limit)).toEqual(all)

    good(await put(here, 'plan.md', 'third plan'))
    const third = good(await get(here, 'plan.md'))
    expect([content(third), third['servedBy']]).toEqual([
      'third plan',
      expect.objectContaining({ source: 'lease', agrees: true }),
    ])
  })
})

async function listedBy(world: RunningWorld, limit: number): Promise<unknown> {
  const seen: unknown[] = []
  let cursor: string | undefined
  do {
    const more = cursor === undefined ? {} : { cursor }
    const page = good(await world.call('web3.storage.list', { limit, ...more }))
    expect((page['files'] as Json[]).length).toBeLessThanOrEqual(limit)
    seen.push(...lines(page))
    cursor = page['nextCursor'] as string | undefined
  } while (cursor !== undefined)
  return seen
}

describe('an answer that was lost', () => {
  it('is not made up for by the owner’s own: it may have been done', async () => {
    const home = await temporaryHome()
    const there = await childWorld({ home })
    const proxy = await tamperingProxy(there.url)
    const here = await testWorld({ config: { fallback, markets: [{ name: 'other', url: proxy.url }] } })
    await there.fund(here.market.address, 1_000_000n)
    const world: Beside = { here, there, proxy, comesBack: () => Promise.resolve() }
    await lease(world, 'storage')
    await lease(world, 'search')
    proxy.tamper(() => 'cut')
    for (const answer of [
      await put(here, 'a.md', 'once'),
      await get(here, 'a.md'),
      await here.call('web3.storage.list'),
      await here.call('web3.search.query', { q: 'tides' }),
    ]) {
      expect(bad(answer)).toMatchObject({ error: 'E_OUTCOME_UNKNOWN' })
    }
    proxy.tamper((_path, reply) => reply)
    expect(lines(good(await here.call('web3.storage.list')))).toEqual([['a.md', 'lease']])
  })
})

describe('a lease that is over', () => {
  it('leaves the owner’s own, which says so; and without one the failure is as it was', async () => {
    const world = await beside('sqlite')
    const { here, there } = world
    const leaseId = await lease(world, 'search')
    good(await there.call('web3.resources.revokeLease', { leaseId }))
    expect(good(await here.call('web3.search.query', { q: 'tides' }))).toMatchObject({
      servedBy: { source: 'local', why: 'lease-over' },
    })
    expect(good(await here.call('web3.search.query', { q: 'tides' }))).toMatchObject({
      servedBy: { source: 'local', why: 'no-lease' },
    })
    expect(bad(await here.call('web3.search.query', { q: 'tides', leaseId }))).toMatchObject({
      error: 'E_NOT_FOUND',
    })
  })
})

describe('what is the owner’s own', () => {
  it('is not for somebody else, who may spend but is not the owner', async () => {
    const { call, market, running } = await testWorld({ config: { fallback } })
    good(await call('web3.storage.put', { path: 'diary.md', text: 'private' }))
    const { web3 } = running
    const who = { kind: 'node', actorId: market.address, owner: false } as const
    for (const [name, params] of [
      ['web3.storage.get', { path: 'diary.md' }],
      ['web3.storage.list', {}],
      ['web3.storage.put', { path: 'diary.md', text: 'forged' }],
      ['web3.search.query', { q: 'tides' }],
    ] as const) {
      const answer = await web3.registry.find(name)?.perform(params, { who, door: 'tool', web3 })
      expect(answer).toMatchObject({ ok: false, error: 'E_NOT_FOUND' })
    }
  })
})

describe('while the market does not run', () => {
  const off = [
    ['off', { status: 'off' }],
    ['misconfigured', { status: 'misconfigured', problems: [{ key: '/store', problem: 'is no store' }] }],
    ['failed', { status: 'failed', reason: 'the disk is gone', hint: 'Bring it back.' }],
  ] as const

  it.each(off)('%s: the owner’s own serve the owner, and nobody else', async (_name, state) => {
    const world = await testWorld({ config: { fallback } })
    good(await put(world, 'kept.md', 'from before'))
    const { market } = world
    setMarketState(state)
    const local = { source: 'local', why: 'market-off' }
    expect(good(await world.call('web3.search.query', { q: 'tides' }))).toMatchObject({
      results: [{}, {}],
      servedBy: local,
    })
    expect(good(await put(world, 'new.md', 'by itself'))).toMatchObject({ servedBy: local })
    expect(content(good(await get(world, 'kept.md')))).toBe('from before')
    expect(lines(good(await world.call('web3.storage.list', { limit: 1 })))).toEqual([['kept.md', 'local']])
    expect(bad(await get(world, 'nowhere.md'))).toMatchObject({ error: 'E_UNAVAILABLE' })
    expect(bad(await put(world, '../up.md', 'no'))).toMatchObject({ error: 'E_INVALID_ARGUMENT' })
    expect(bad(await world.call('web3.resources.list')).error).toMatch(/^E_(UNAVAILABLE|NOT_CONFIGURED)$/)

    for (const [name, params] of [
      ['web3.search.query', { q: 'tides' }],
      ['web3.storage.get', { path: 'kept.md' }],
    ] as const) {
      const guest = await callAsNode(name, params, { door: 'tool', owner: false })
      expect(bad(guest)).toMatchObject({ error: 'E_UNAVAILABLE' })
    }
    const described = good(await world.call('web3.capabilities.describe', {}))['capabilities'] as Json[]
    const usable = described.filter(({ availability }) => availability === undefined)
    expect(usable.map(({ name }) => name)).toEqual([
      'web3.capabilities.describe',
      'web3.search.query',
      'web3.storage.put',
      'web3.storage.get',
      'web3.storage.list',
    ])
    setMarketState({ status: 'running', market })
    expect(good(await get(world, 'new.md'))).toMatchObject({ servedBy: { source: 'local' } })
  })

  it('without anything of the owner’s own nothing serves', async () => {
    const world = await testWorld()
    setMarketState({ status: 'off' })
    expect(bad(await world.call('web3.search.query', { q: 'tides' }))).toMatchObject({
      error: 'E_UNAVAILABLE',
    })
    const described = good(await world.call('web3.capabilities.describe', { name: 'web3.search.query' }))
    expect((described['capabilities'] as Json[])[0]).toMatchObject({ availability: { available: false } })
  })
})
