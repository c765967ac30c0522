/** Leasing on another market, in another process, end to end. */
import { describe, expect, it } from 'vitest'
import { childWorld, type ChildWorld } from '../plugin/child-world.fixture.ts'
import { demoModel } from '../plugin/demo-model.fixture.ts'
import { backendsOf, type RunningWorld } from '../plugin/running-world.fixture.ts'
import {
  bad,
  good,
  offerOf,
  publishAsNode,
  temporaryHome,
  testWorld,
  type Json,
  type Kind,
} from '../plugin/world.fixture.ts'
import { answerOf } from '../surface/commands/command.ts'
import { payStatusCommand } from '../surface/commands/pay-status.ts'
import { callAsNode } from '../surface/gateway-methods.ts'

async function twoMarkets(store: 'sqlite' | 'file' = 'sqlite', modelUrl?: string) {
  const home = await temporaryHome()
  const there = await childWorld({
    home,
    store,
    config: { provider: { backends: backendsOf(home, modelUrl) } },
  })
  const markets = [
    { name: 'other', url: `${there.url}/`, address: there.address },
    { name: 'nowhere', url: 'http://127.0.0.1:9' },
  ]
  const here = await testWorld({ store, config: { markets } })
  await there.fund(here.market.address, 1_000_000n)
  return { here, there }
}

async function offered(there: ChildWorld, kind: Kind): Promise<string> {
  return String(good(await there.call('web3.resources.publish', offerOf(kind)))['resourceId'])
}

async function lease(here: RunningWorld, resourceId: string, more: object = {}): Promise<Json> {
  return good(
    await here.call('web3.resources.lease', { resourceId, ttlMs: 3_600_000, maxCost: '100000', ...more }),
  )
}

describe.each(['sqlite', 'file'] as const)('another market on the %s store', (store) => {
  it('list, quote, lease, use, complete: metered and paid there, counted here', async () => {
    const { here, there } = await twoMarkets(store, await demoModel())
    const [search, storage, model] = [
      await offered(there, 'search'),
      await offered(there, 'storage'),
      await offered(there, 'model'),
    ]

    const listed = good(await here.call('web3.resources.list'))
    expect(listed).toMatchObject({ unreachable: ['nowhere'] })
    expect((listed['resources'] as Json[]).map(({ resourceId, market }) => [resourceId, market])).toEqual(
      [model, storage, search].map((id) => [id, 'other']),
    )
    const plan = { resourceId: search, ttlMs: 3_600_000 }
    const quote = good(
      await here.call('web3.resources.quote', { ...plan, estimate: [{ unit: 'query', quantity: '20' }] }),
    )
    expect(quote).toMatchObject({ upperBound: '20000', market: 'other' })

    const leases = [await lease(here, search), await lease(here, storage), await lease(here, model)]
    for (const taken of leases)
      expect(taken).toMatchObject({ market: 'other', stored: true, orderId: expect.any(String) })
    expect(here.running.web3.vault().list({ state: 'active', market: 'other' })).toHaveLength(3)

    expect(good(await here.call('web3.search.query', { q: 'tides' }))).toMatchObject({
      results: [{}, {}],
      servedBy: {
        source: 'lease',
        market: 'other',
        leaseId: leases[0]?.['leaseId'],
        cost: '1000',
        agrees: true,
      },
    })
    good(await here.call('web3.storage.put', { path: 'a/b.txt', text: 'over there' }))
    expect(good(await here.call('web3.storage.get', { path: 'a/b.txt' }))).toMatchObject({
      bytesBase64: Buffer.from('over there').toString('base64'),
      servedBy: { agrees: true },
    })
    const messages = [{ role: 'user', content: 'Say hello.' }]
    expect(good(await here.call('web3.model.chat', { messages }))).toMatchObject({
      servedBy: { market: 'other', agrees: true },
    })

    for (const { leaseId } of leases) {
      const status = good(await here.call('web3.resources.status', { leaseId }))
      expect(status).toMatchObject({ market: 'other', ownCount: { disagreeing: [] } })
      const { metered } = status['lease'] as Json
      expect(good(await here.call('web3.resources.completeLease', { leaseId }))).toMatchObject({
        market: 'other',
        lease: { metered, status: 'lease_completed', settlementStatus: 'settlement_released' },
      })
      const money = good(await here.call('web3.billing.status', { id: leaseId }))
      expect(money).toMatchObject({ market: 'other', settlement: { releasedSoFar: metered } })
      expect(money).not.toHaveProperty('movesAt')
      // What another market calls USDC may be divided in another way: the chat says base units.
      const said = await answerOf(
        payStatusCommand,
        { channel: 'telegram', senderIsOwner: true, args: String(leaseId) },
        (name) => name,
      )
      expect(said).toContain('USDC, base units')
      expect(said).toMatch(new RegExp(`^released +${String(metered)}$`, 'm'))
    }
    expect(
      here.running.web3
        .vault()
        .list()
        .map(({ state }) => state),
    ).toEqual(['closed', 'closed', 'closed'])
    const held = good(await here.call('web3.resources.leases'))
    expect(held).toMatchObject({
      unreachable: ['nowhere'],
      leases: [{ market: 'other' }, { market: 'other' }, { market: 'other' }],
    })
    const [earned] = good(await there.call('web3.billing.summary'))['currencies'] as Json[]
    const spent = (held['leases'] as Json[]).reduce((sum, each) => sum + BigInt(String(each['metered'])), 0n)
    expect(earned).toMatchObject({ earned: spent.toString() })
  })
})

describe('several markets', () => {
  it('a chat says how many leases wait to be ended elsewhere', async () => {
    const { here, there } = await twoMarkets()
    const { leaseId } = await lease(here, await offered(there, 'search'))
    const owners = { channel: 'telegram', senderIsOwner: true }
    const asked = () => answerOf(payStatusCommand, owners, (name) => name)
    expect(await asked()).not.toContain('ends waiting')
    await there.kill()
    good(await here.call('web3.resources.completeLease', { leaseId }))
    expect(await asked()).toMatch(/^ends waiting +1, asked (now|\d+ s ago)$/m)
  })

  it('are listed one after the other, a page at a time, each item once', async () => {
    const { here, there } = await twoMarkets()
    const ids: string[] = []
    for (let i = 0; i < 3; i++) ids.unshift(await publishAsNode(here, 'search'))
    const theirs: string[] = []
    for (let i = 0; i < 4; i++) theirs.unshift(await offered(there, 'search'))
    for (const limit of [1, 2, 3, 50]) {
      const seen: string[] = []
      const unreachable: string[] = []
      let cursor: string | undefined
      do {
        const page = good(
          await here.call('web3.resources.list', { limit, ...(cursor === undefined ? {} : { cursor }) }),
        )
        expect((page['resources'] as Json[]).length).toBeLessThanOrEqual(limit)
        seen.push(...(page['resources'] as Json[]).map(({ resourceId }) => String(resourceId)))
        unreachable.push(...(page['unreachable'] as string[]))
        cursor = page['nextCursor'] as string | undefined
      } while (cursor !== undefined)
      expect(seen).toEqual([...ids, ...theirs])
      expect(unreachable).toEqual(['nowhere'])
    }
    const only = good(await here.call('web3.resources.list', { market: 'other' }))
    expect((only['resources'] as Json[]).map(({ resourceId }) => resourceId)).toEqual(theirs)
    for (const cursor of ['x', Buffer.from('["mars",""]').toString('base64url')]) {
      expect(bad(await here.call('web3.resources.list', { cursor }))).toMatchObject({
        details: { pointer: '/cursor' },
      })
    }
    expect(bad(await here.call('web3.resources.list', { market: 'mars' }))).toMatchObject({
      error: 'E_NOT_FOUND',
    })
    expect(bad(await here.call('web3.resources.list', { market: 'nowhere' }))).toMatchObject({
      error: 'E_UNAVAILABLE',
    })
  })

  it('one that is not the market that the config names gets no signature, and is named as silent', async () => {
    const there = await childWorld()
    const address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
    const here = await testWorld({ config: { markets: [{ name: 'other', url: there.url, address }] } })
    expect(good(await here.call('web3.resources.list'))).toMatchObject({ unreachable: ['other'] })
    expect(bad(await here.call('web3.resources.list', { market: 'other' }))).toMatchObject({
      error: 'E_UNAVAILABLE',
    })
  })

  it('what the other market refuses is said with its code, and leaves nothing in the vault', async () => {
    const { here, there } = await twoMarkets()
    const resourceId = await offered(there, 'search')
    const wish = { resourceId, ttlMs: 3_600_000, maxCost: '1000001', market: 'other' }
    expect(bad(await here.call('web3.resources.lease', wish))).toMatchObject({
      error: 'E_INSUFFICIENT_FUNDS',
      message: expect.stringMatching(/^market other: /),
      details: { missing: '1' },
    })
    expect(here.running.web3.vault().list()).toEqual([])
    const { leaseId } = await lease(here, resourceId)
    good(await here.call('web3.resources.revokeLease', { leaseId }))
    expect(bad(await here.call('web3.resources.revokeLease', { leaseId }))).toMatchObject({
      error: 'E_CONFLICT',
    })
  })

  it('the same key gives the same lease and locks nothing twice, even at once; with a quote, on its terms only', async () => {
    const { here, there } = await twoMarkets()
    const resourceId = await offered(there, 'search')
    const wish = { resourceId, ttlMs: 3_600_000, maxCost: '5000', idempotencyKey: 'just-this-once' }
    const answers = await Promise.all([1, 2, 3].map(() => here.call('web3.resources.lease', wish)))
    const [first] = answers.map(good)
    for (const answer of answers) expect(good(answer)).toEqual(first)
    expect(good(await here.call('web3.resources.leases'))).toMatchObject({ leases: [{ maxCost: '5000' }] })
    expect(bad(await here.call('web3.resources.lease', { ...wish, maxCost: '6000' }))).toMatchObject({
      error: 'E_CONFLICT',
    })

    const plan = { resourceId, ttlMs: 3_600_000, maxCost: '7000' }
    const [old, fresh] = [
      good(await here.call('web3.resources.quote', plan)),
      good(await here.call('web3.resources.quote', plan)),
    ]
    const low = good(
      await here.call('web3.resources.lease', { ...plan, maxCost: '6000', quoteId: fresh['quoteId'] }),
    )
    expect(low).toMatchObject({ stored: true })
    const dearer = [{ unit: 'query', amount: '2000', per: '1', currency: 'USDC' }]
    good(await there.call('web3.resources.publish', offerOf('search', { resourceId, prices: dearer })))
    const late = bad(await here.call('web3.resources.lease', { ...plan, quoteId: old['quoteId'] }))
    expect(late).toMatchObject({ error: 'E_CONFLICT', message: 'the terms have changed since the quote' })
    expect(
      bad(await here.call('web3.resources.lease', { ...plan, quoteId: `quo_${'0'.repeat(26)}` })),
    ).toMatchObject({ error: 'E_NOT_FOUND' })
    expect(here.running.web3.vault().list()).toHaveLength(2)
  })

  it('a lease outlives a restart of this gateway, and its market’s name in the config', async () => {
    const { here, there } = await twoMarkets()
    const { leaseId } = await lease(here, await offered(there, 'search'))
    await here.stop()
    const again = await testWorld({
      home: here.home,
      config: { markets: [{ name: 'other', url: there.url }] },
    })
    expect(good(await again.call('web3.search.query', { q: 'tides' }))).toMatchObject({
      servedBy: { leaseId, agrees: true },
    })
    await again.stop()
    const forgetful = await testWorld({ home: here.home })
    expect(good(await forgetful.call('web3.search.query', { q: 'tides' }))).toMatchObject({
      servedBy: { leaseId },
    })
    expect(bad(await forgetful.call('web3.resources.completeLease', { leaseId }))).toMatchObject({
      error: 'E_NOT_CONFIGURED',
    })
  })

  it('when it is gone, what needs it says so, and what does not goes on', async () => {
    const { here, there } = await twoMarkets()
    const { leaseId } = await lease(here, await offered(there, 'search'))
    await there.kill()
    expect(bad(await here.call('web3.search.query', { q: 'tides' }))).toMatchObject({
      error: 'E_UNAVAILABLE',
    })
    expect(good(await here.call('web3.resources.completeLease', { leaseId }))).toMatchObject({
      market: 'other',
      waiting: { tries: 1, lastError: 'E_UNAVAILABLE' },
    })
    expect(good(await here.call('web3.resources.leases'))).toMatchObject({
      leases: [],
      unreachable: ['other', 'nowhere'],
    })
    expect(here.running.web3.vault().list()).toMatchObject([{ state: 'active' }])
    const said = JSON.stringify([
      await callAsNode('web3.resources.list', {}, { door: 'tool', owner: true }),
      here.log,
    ])
    expect(said).not.toContain(new URL(there.url).port)
  })
})
