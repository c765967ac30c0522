/** What other markets have offered answers while they are silent, says how old it is, and binds nobody. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { childWorld, type ChildWorld } from '../../plugin/child-world.fixture.ts'
import { freePort } from '../../plugin/free-port.fixture.ts'
import { backendsOf } from '../../plugin/running-world.fixture.ts'
import { seenFile } from '../../plugin/state-files.ts'
import { bad, good, offerOf, prices, temporaryHome, type Json } from '../../plugin/world.fixture.ts'
import { mostOfOneMarket, pruned, type SeenResource } from './seen-resource.ts'

interface Pair {
  here: ChildWorld
  there: ChildWorld
  restartHere(markets?: readonly Json[]): Promise<void>
  restartThere(): Promise<void>
  /** Published there, oldest first. */
  readonly offered: readonly string[]
}

const dear = [{ unit: 'query', amount: '2000', per: '1', currency: 'USDC' }]

async function pair(): Promise<Pair> {
  const [home, abroad] = [await temporaryHome(), await temporaryHome()]
  const port = await freePort()
  const listening = { provider: { listen: { port }, backends: backendsOf(abroad) } }
  const there = () => childWorld({ home: abroad, config: listening })
  const named = [
    { name: 'other', url: `http://127.0.0.1:${port}` },
    { name: 'nowhere', url: 'http://127.0.0.1:9' },
  ]
  const here = (markets: readonly Json[] = named) => childWorld({ home, config: { markets } })
  const offered: string[] = []
  const made: Pair = {
    here: await here(),
    there: await there(),
    offered,
    async restartHere(markets) {
      made.here = await here(markets)
    },
    async restartThere() {
      made.there = await there()
    },
  }
  for (const offer of [
    offerOf('search', { tags: ['sea'], description: 'of ships and of wind' }),
    offerOf('storage'),
    offerOf('search', { label: 'Ships', prices: dear }),
    offerOf('search', { tags: ['sea', 'sky'] }),
  ]) {
    offered.push(String(good(await made.there.call('web3.resources.publish', offer))['resourceId']))
  }
  await made.there.fund(made.here.address, 1_000_000n)
  return made
}

const filters: readonly object[] = [
  {},
  { kind: 'search' },
  { tag: 'sea' },
  { q: 'SHIPS' },
  { q: 'ships wind', kind: 'search' },
  { maxPrice: prices.search[0] },
  { status: 'resource_unpublished' },
]

const list = async ({ here }: Pair, params: object = {}): Promise<Json> =>
  good(await here.call('web3.resources.list', params))
const idsOf = (page: Json): readonly string[] =>
  (page['resources'] as Json[]).map(({ resourceId }) => String(resourceId))

async function listedBy(of: Pair, limit: number): Promise<readonly string[]> {
  const ids: string[] = []
  let cursor: string | undefined
  do {
    const page = await list(of, { limit, ...(cursor === undefined ? {} : { cursor }) })
    ids.push(...idsOf(page))
    cursor = page['nextCursor'] as string | undefined
  } while (cursor !== undefined)
  return ids
}

/** Until what was heard is on disk, so that a kill cannot be too early. */
async function kept({ here }: Pair, ids: readonly string[]): Promise<void> {
  const file = seenFile(join(here.home, 'state'))
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => '')
    if (ids.every((id) => text.includes(id))) return
    await pause(20)
  }
}

describe('another market that is silent', () => {
  it('is listed as it was last seen, by the same filters and a page at a time, and across SIGKILL', async () => {
    const world = await pair()
    const live = []
    for (const filter of filters) live.push(idsOf(await list(world, filter)))
    expect(live[0]).toEqual(world.offered.toReversed())
    expect(await list(world)).not.toHaveProperty('cached')
    await kept(world, world.offered)
    await world.there.kill()
    await world.here.kill()
    await world.restartHere()
    await world.here.advance(90_000)
    for (const [i, filter] of filters.entries()) {
      const page = await list(world, filter)
      expect(idsOf(page)).toEqual(live[i])
      expect(page).toMatchObject({ unreachable: ['nowhere'], cached: [{ market: 'other' }] })
      const [{ ageSeconds }] = page['cached'] as [Json]
      expect(ageSeconds).toBeGreaterThanOrEqual(90)
      expect(ageSeconds).toBeLessThan(600)
    }
    for (const limit of [1, 2, 3, 4]) expect(await listedBy(world, limit)).toEqual(live[0])

    const [resourceId] = world.offered
    const plan = { resourceId, ttlMs: 3_600_000, maxCost: '5000' }
    expect(good(await world.here.call('web3.resources.get', { resourceId }))).toMatchObject({
      market: 'other',
      resource: { resourceId, prices: prices.search },
      cached: { ageSeconds: expect.any(Number) },
    })
    const unknown = { resourceId: `res_${'0'.repeat(26)}` }
    for (const answer of [
      await world.here.call('web3.resources.get', unknown),
      await world.here.call('web3.resources.quote', plan),
      await world.here.call('web3.resources.lease', plan),
      await world.here.call('web3.resources.list', { market: 'nowhere' }),
    ]) {
      expect(bad(answer)).toMatchObject({ error: 'E_UNAVAILABLE' })
    }
    expect(await world.here.vault()).toEqual([])
  })

  it('a lease by what was seen is checked against the terms of now, and a change is said once', async () => {
    const world = await pair()
    const [changing = '', same = ''] = world.offered
    await list(world)
    await world.there.kill()
    expect(await list(world)).toHaveProperty('cached')
    await world.restartThere()
    const dearer = offerOf('search', { resourceId: changing, prices: dear })
    good(await world.there.call('web3.resources.publish', dearer))

    const lease = (resourceId: string) =>
      world.here.call('web3.resources.lease', { resourceId, ttlMs: 3_600_000, maxCost: '5000' })
    expect(good(await lease(same))).toMatchObject({ market: 'other' })
    const refused = bad(await lease(changing))
    expect(refused).toMatchObject({
      error: 'E_CONFLICT',
      details: { resourceId: changing, versions: [1, 2], prices: dear },
    })
    expect(await world.here.vault()).toHaveLength(1)
    expect(good(await lease(changing))).toMatchObject({ market: 'other' })
  })

  it('what is gone is forgotten when its market says so; and another market under its name has offered nothing', async () => {
    const world = await pair()
    const [gone = '', ...others] = world.offered
    await list(world)
    good(await world.there.call('web3.resources.unpublish', { resourceId: gone }))
    expect(idsOf(await list(world))).toEqual(others.toReversed())
    await world.there.kill()
    expect(idsOf(await list(world))).toEqual(others.toReversed())
    await world.here.kill()
    await world.restartHere([{ name: 'other', url: `http://127.0.0.1:${await freePort()}` }])
    expect(await list(world)).toMatchObject({ resources: [], unreachable: ['other'] })
  })
})

it('what is kept is bounded, and goes when it is old', () => {
  const seen = (market: string, seenAt: number) => ({ market, seenAt }) as SeenResource
  const many = Array.from({ length: mostOfOneMarket + 5 }, (_, i) => seen('big', i + 1))
  const left = pruned([...many, seen('small', 3)], 1_000)
  expect(left.filter(({ market }) => market === 'small')).toHaveLength(1)
  const big = left.filter(({ market }) => market === 'big')
  expect([big.length, Math.min(...big.map(({ seenAt }) => seenAt))]).toEqual([mostOfOneMarket, 6])
  const month = 30 * 86_400_000
  expect(pruned([seen('big', 1), seen('big', 2)], month + 1).map(({ seenAt }) => seenAt)).toEqual([2])
})
