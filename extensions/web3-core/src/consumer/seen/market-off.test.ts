/** While the gateway's own market does not run, what others have offered still answers; nothing can be leased by it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { marketService } from '../../../../market-core/src/plugin/service.ts'
import { childWorld } from '../../plugin/child-world.fixture.ts'
import { readConfig } from '../../plugin/config.ts'
import { post } from '../../plugin/outside-wallet.fixture.ts'
import { startWeb3 } from '../../plugin/start.ts'
import { bad, good, offerOf, publishAsNode, testWorld, type Json } from '../../plugin/world.fixture.ts'
import { callAsNode } from '../../surface/gateway-methods.ts'

const owner = { door: 'gateway', owner: true } as const
const guest = { door: 'tool', owner: false } as const
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** A gateway that has heard another market, and whose own, started anew, does not come up. */
async function startedWithoutMarket(marketConfig: object | undefined, brokenStore = false) {
  const there = await childWorld()
  const offered: string[] = []
  for (const kind of ['search', 'storage', 'search'] as const) {
    offered.unshift(String(good(await there.call('web3.resources.publish', offerOf(kind)))['resourceId']))
  }
  const markets = [
    { name: 'other', url: there.url },
    { name: 'nowhere', url: 'http://127.0.0.1:9' },
  ]
  const before = await testWorld({ config: { markets } })
  const own = await publishAsNode(before, 'search')
  await publishAsNode(before, 'search')
  const live = good(await before.call('web3.resources.list', { limit: 1 }))
  good(await before.call('web3.resources.list'))
  await before.running.stop()
  await before.stopMarket()

  const stateDir = join(before.home, 'gateway')
  const service = marketService(() => ({ ...marketConfig, passphraseFile: join(before.home, 'passphrase') }))
  onTestFinished(() => service.stop())
  if (brokenStore) await writeFile(stateDir, 'where a folder should be')
  if (marketConfig !== undefined) await service.start({ stateDir, logger: quiet })
  const provider = { listen: { port: 0 } }
  const running = await startWeb3({
    ...readConfig({ markets, provider }),
    stateDirectory: join(before.home, 'state'),
    gatewayUrl: 'http://127.0.0.1:9',
    conversationAccess: true,
    rename: (name) => name,
    log: quiet,
    report: () => undefined,
    now: () => Date.now() + 90_000,
  })
  onTestFinished(() => running.stop())
  return { own, offered, live, url: running.web3.ownUrl }
}

const idsOf = (page: Json) => (page['resources'] as Json[]).map(({ resourceId }) => String(resourceId))
const list = async (params: object = {}, from: typeof owner | typeof guest = owner) =>
  good(await callAsNode('web3.resources.list', params, from))

describe.each([
  ['off', undefined, false, 'E_UNAVAILABLE', 'the market is not running'],
  ['misconfigured', { store: 'paper' }, false, 'E_NOT_CONFIGURED', /^market-core: \/store /],
  ['failed', {}, true, 'E_NOT_CONFIGURED', /^the market did not start: /],
] as const)('its own market %s', (_name, config, broken, error, why) => {
  it('others are listed as they were last seen, local is said to be missing and why, and nothing is leased', async () => {
    const { own, offered, live, url } = await startedWithoutMarket(config, broken)
    const reason = typeof why === 'string' ? why : expect.stringMatching(why)
    const cached = [{ market: 'other', ageSeconds: expect.any(Number) as number }]
    const page = await list()
    expect(idsOf(page)).toEqual(offered)
    expect(page).toMatchObject({ unreachable: ['local', 'nowhere'], cached, off: reason })
    for (const { ageSeconds } of page['cached'] as Json[]) expectOld(ageSeconds)
    expect(idsOf(await list({ kind: 'storage' }))).toEqual([offered[1]])

    const paged: string[] = []
    for (let cursor: unknown; ;) {
      const next = await list({ limit: 1, ...(cursor === undefined ? {} : { cursor }) })
      paged.push(...idsOf(next))
      expect(paged.length).toBeLessThanOrEqual(offered.length)
      cursor = next['nextCursor']
      if (cursor === undefined) break
    }
    expect(paged).toEqual(offered)
    // A list that stood in the middle of what is local goes on with the others.
    expect(idsOf(await list({ cursor: live['nextCursor'] }))).toEqual(offered)

    const [resourceId] = offered
    const seen = { resource: { resourceId }, market: 'other', cached: { ageSeconds: expect.any(Number) } }
    const got = good(await callAsNode('web3.resources.get', { resourceId }, owner))
    expect(got).toMatchObject(seen)
    expectOld((got['cached'] as Json)['ageSeconds'])
    const wish = { resourceId, ttlMs: 3_600_000, maxCost: '5000' }
    for (const [name, params] of [
      ['web3.resources.lease', wish],
      ['web3.resources.quote', wish],
      ['web3.resources.get', { resourceId: own }],
      ['web3.resources.get', { resourceId, market: 'nowhere' }],
      ['web3.resources.list', { market: 'local' }],
      ['web3.resources.list', { market: 'nowhere' }],
      ['web3.resources.leases', {}],
    ] as const) {
      expect(bad(await callAsNode(name, params, owner)), name).toMatchObject({ error, message: reason })
    }
    expect(bad(await callAsNode('web3.resources.list', { market: 'mars' }, owner))).toMatchObject({
      error: 'E_NOT_FOUND',
    })
    expect(bad(await callAsNode('web3.resources.list', { limit: 0 }, owner))).toMatchObject({
      error: 'E_INVALID_ARGUMENT',
    })

    // Somebody else may look as always, and does not learn what is wrong here; an outside wallet never hears of others.
    const shown = await list({}, guest)
    expect(idsOf(shown)).toEqual(offered)
    expect(shown['off']).toBe('the market is not running')
    expect(good(await callAsNode('web3.resources.get', { resourceId }, guest))).toMatchObject(seen)
    expect((await post(url, 'web3.resources.list', {})).body).toMatchObject({ error: 'E_UNAVAILABLE' })
    expect(await Promise.all([describedBy(owner), describedBy(guest), describedOutside(url)])).toMatchObject([
      undefined,
      undefined,
      { available: false },
    ])
  })
})

/** The clock went on by 90 seconds while the gateway was not running. */
function expectOld(ageSeconds: unknown): void {
  expect(ageSeconds).toBeGreaterThanOrEqual(90)
  expect(ageSeconds).toBeLessThan(600)
}

async function describedBy(from: typeof owner | typeof guest): Promise<unknown> {
  return availability(good(await callAsNode('web3.capabilities.describe', { group: 'resources' }, from)))
}

async function describedOutside(url: string): Promise<unknown> {
  return availability(good((await post(url, 'web3.capabilities.describe', { group: 'resources' })).body))
}

function availability(described: Json): unknown {
  const all = described['capabilities'] as Json[]
  const lease = all.find(({ name }) => name === 'web3.resources.lease')
  expect(lease?.['availability']).toMatchObject({ available: false })
  return all.find(({ name }) => name === 'web3.resources.list')?.['availability']
}
