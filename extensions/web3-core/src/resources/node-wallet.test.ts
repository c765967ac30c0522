/** The node wallet on its own market: what others publish here it leases like anyone, with the vault for its tokens. */
import { describe, expect, it } from 'vitest'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { Consents } from '@openclaw-market/protocol/entities/lease'
import { ConsumerReceipts } from '@openclaw-market/protocol/entities/records'
import type { LeaseId } from '@openclaw-market/protocol/ids'
import { demoModel } from '../plugin/demo-model.fixture.ts'
import { outsideWallet, publishAs, type OutsideWallet } from '../plugin/outside-wallet.fixture.ts'
import { backendsOf, type RunningWorld } from '../plugin/running-world.fixture.ts'
import {
  bad,
  good,
  offerOf,
  publishAsNode,
  rootOf,
  temporaryHome,
  testWorld,
  type Json,
  type Kind,
} from '../plugin/world.fixture.ts'
import { callAsNode } from '../surface/gateway-methods.ts'

/** A world in which an outside wallet sells search, storage and, when there is one, a model. */
async function withSeller(store: 'sqlite' | 'file' = 'sqlite', modelUrl?: string) {
  const home = await temporaryHome()
  const account = privateKeyToAccount(generatePrivateKey())
  const publishers = [account.address]
  const backends = Object.fromEntries(
    Object.entries(backendsOf(home, modelUrl)).map(([name, backend]) => [name, { ...backend, publishers }]),
  )
  const world = await testWorld({ home, store, config: { provider: { backends } } })
  const seller = outsideWallet(world, account)
  await world.fund(world.market.address, 1_000_000n)
  return { world, seller }
}

async function leased(world: RunningWorld, seller: OutsideWallet, kind: Kind, maxCost = '100000') {
  const resourceId = await publishAs(seller, offerOf(kind).resource)
  const params = { resourceId, ttlMs: 3_600_000, maxCost, idempotencyKey: `lease-of-${kind}` }
  const taken = good(await world.call('web3.resources.lease', params))
  return { resourceId, params, taken, leaseId: String(taken['leaseId']) }
}

async function money(world: RunningWorld): Promise<Json> {
  const [currency] = good(await world.call('web3.billing.summary'))['currencies'] as Json[]
  return currency ?? {}
}

describe.each(['sqlite', 'file'] as const)('on the %s store', (store) => {
  it('leases, searches, and pays exactly what both sides counted', async () => {
    const { world, seller } = await withSeller(store)
    const { leaseId, taken } = await leased(world, seller, 'search')
    expect(taken).toMatchObject({ market: 'local', stored: true })
    expect(world.running.web3.vault().list()).toMatchObject([{ state: 'active', leaseId, market: 'local' }])
    const found = good(await world.call('web3.search.query', { q: 'tides', limit: 1 }))
    expect(found).toMatchObject({
      results: [{ title: expect.any(String), url: expect.stringMatching(/^docs:\/\/\//) }],
      servedBy: { source: 'lease', leaseId, market: 'local', cost: '1000', currency: 'USDC', agrees: true },
    })
    const status = good(await world.call('web3.resources.status', { leaseId }))
    const { requestId } = found['servedBy'] as Json
    expect(status).toMatchObject({
      lease: { metered: '1000', remaining: '99000' },
      records: [{ requestId, cost: '1000' }],
      ownCount: { calls: 1, disagreeing: [] },
    })
    expect(good(await world.call('web3.resources.completeLease', { leaseId }))).toMatchObject({
      lease: { settlementStatus: 'settlement_released' },
    })
    expect(await money(world)).toMatchObject({ available: '999000', held: '0', spent: '1000' })
    expect(world.running.web3.vault().list()).toMatchObject([{ state: 'closed' }])
    expect(bad(await world.call('web3.search.query', { q: 'tides', leaseId }))).toMatchObject({
      error: 'E_NOT_FOUND',
    })
    expect(bad(await world.call('web3.resources.completeLease', { leaseId }))).toMatchObject({
      error: 'E_CONFLICT',
    })
    const token = world.running.web3.vault().token(leaseId as LeaseId)
    expect(JSON.stringify([found, status, taken, world.log])).not.toContain(token)
  })

  it('stores, lists and reads back', async () => {
    const { world, seller } = await withSeller(store)
    const { leaseId } = await leased(world, seller, 'storage')
    const put = good(await world.call('web3.storage.put', { path: 'notes/a.md', text: 'hello' }))
    expect(put).toMatchObject({ size: 5, servedBy: { source: 'lease', leaseId, cost: '15', agrees: true } })
    expect(good(await world.call('web3.storage.list', {}))).toMatchObject({
      files: [{ path: 'notes/a.md', mime: 'text/plain', etag: put['etag'] }],
      servedBy: { agrees: true },
    })
    const got = good(await world.call('web3.storage.get', { path: 'notes/a.md' }))
    expect(got).toMatchObject({
      bytesBase64: Buffer.from('hello').toString('base64'),
      servedBy: { cost: '10', agrees: true },
    })
    for (const path of ['../a', '/etc/passwd', 'a/../../b', 'a\u0000b']) {
      const failure = bad(await world.call('web3.storage.put', { path, text: 'x' }))
      expect(failure).toMatchObject({ error: 'E_INVALID_ARGUMENT', details: { pointer: '/path' } })
    }
    expect(bad(await world.call('web3.storage.get', { path: 'none.md' }))).toMatchObject({
      error: 'E_NOT_FOUND',
    })
    expect(good(await world.call('web3.resources.status', { leaseId }))).toMatchObject({
      ownCount: { disagreeing: [] },
    })
  })
})

describe('the node wallet', () => {
  it('chats through a lease, and bounds what the provider says it cost', async () => {
    const { world, seller } = await withSeller('sqlite', await demoModel())
    const { leaseId } = await leased(world, seller, 'model')
    const messages = [{ role: 'user', content: 'Say hello.' }]
    const answer = good(await world.call('web3.model.chat', { messages, maxTokens: 50 }))
    expect(answer).toMatchObject({
      content: expect.stringContaining('demo-1'),
      finishReason: 'stop',
      servedBy: {
        leaseId,
        agrees: true,
        usage: expect.arrayContaining([{ unit: 'request', quantity: '1' }]),
      },
    })
    expect(good(await world.call('web3.resources.status', { leaseId }))).toMatchObject({
      ownCount: { calls: 1, disagreeing: [] },
    })
  })

  it('does not lease, quote or pay for its own', async () => {
    const world = await testWorld()
    await world.fund(world.market.address, 1_000_000n)
    const resourceId = await publishAsNode(world, 'search')
    const before = await rootOf(world)
    const plan = { resourceId, ttlMs: 3_600_000 }
    expect(bad(await world.call('web3.resources.lease', { ...plan, maxCost: '5' }))).toMatchObject({
      error: 'E_FORBIDDEN',
    })
    expect(bad(await world.call('web3.resources.quote', plan))).toMatchObject({ error: 'E_FORBIDDEN' })
    expect(await rootOf(world)).toBe(before)
    expect(world.running.web3.vault().list()).toEqual([])
  })

  it('the same idempotencyKey gives the same lease and locks nothing twice, even at once; another request is refused', async () => {
    const { world, seller } = await withSeller()
    const { params, taken, resourceId } = await leased(world, seller, 'search')
    const again = await Promise.all([1, 2, 3].map(() => world.call('web3.resources.lease', params)))
    for (const envelope of again) expect(good(envelope)).toEqual({ ok: true, ...taken })
    expect(await money(world)).toMatchObject({ available: '900000', held: '100000' })
    for (const other of [{ maxCost: '5' }, { ttlMs: 60_000 }]) {
      expect(bad(await world.call('web3.resources.lease', { ...params, ...other }))).toMatchObject({
        error: 'E_CONFLICT',
      })
    }
    good(await seller.api('web3.resources.unpublish', { resourceId }).then(({ body }) => body))
    expect(good(await world.call('web3.resources.lease', params))).toEqual({ ok: true, ...taken })
    expect(world.running.web3.vault().list()).toHaveLength(1)
  })

  it('leases with a quote, and not for other terms than it quoted', async () => {
    const { world, seller } = await withSeller()
    const resourceId = await publishAs(seller, offerOf('search').resource)
    const plan = { resourceId, ttlMs: 3_600_000, maxCost: '5000' }
    const { quoteId } = good(await world.call('web3.resources.quote', plan))
    expect(bad(await world.call('web3.resources.lease', { ...plan, quoteId, ttlMs: 60_000 }))).toMatchObject({
      error: 'E_CONFLICT',
    })
    const less = { ...plan, quoteId, maxCost: '4000' }
    expect(good(await world.call('web3.resources.lease', less))).toMatchObject({ stored: true })
    const consents = await world.market.store.read({ as: 'market' }, (tx) => tx.list(Consents, { limit: 2 }))
    expect(consents.items.map(({ maxCost }) => maxCost)).toEqual([4_000n])
    expect(bad(await world.call('web3.resources.lease', { ...plan, quoteId }))).toMatchObject({
      error: 'E_NOT_FOUND',
    })
    expect(world.running.web3.vault().list()).toHaveLength(1)
    for (const [field, value] of [
      ['tokenHash', 'a'.repeat(64)],
      ['consentSignature', `0x${'11'.repeat(65)}`],
    ] as const) {
      expect(bad(await world.call('web3.resources.lease', { ...plan, [field]: value }))).toMatchObject({
        error: 'E_INVALID_ARGUMENT',
        details: { pointer: `/${field}`, rule: 'outside-only' },
      })
    }
  })

  it('what it sold it stops serving by revoking', async () => {
    const { world, seller } = await withSeller()
    const { leaseId } = await leased(world, seller, 'search')
    good((await seller.api('web3.resources.revokeLease', { leaseId, reason: 'closing down' })).body)
    expect(bad(await world.call('web3.search.query', { q: 'tides' }))).toMatchObject({ error: 'E_REVOKED' })
    expect(world.running.web3.vault().list()).toMatchObject([{ state: 'closed' }])
    expect(bad(await world.call('web3.search.query', { q: 'tides' }))).toMatchObject({ error: 'E_NOT_FOUND' })
  })

  it('without a lease the owner’s own search and storage serve when configured, and the answer says so', async () => {
    const world = await testWorld({ config: { fallback: { search: 'docs', storage: 'disk' } } })
    expect(good(await world.call('web3.search.query', { q: 'tides' }))).toMatchObject({
      results: [{}, {}],
      servedBy: { source: 'local' },
    })
    const file = { path: 'a.txt', text: 'mine' }
    expect(good(await world.call('web3.storage.put', file))).toMatchObject({ servedBy: { source: 'local' } })
    expect(good(await world.call('web3.storage.get', { path: 'a.txt' }))).toMatchObject({
      size: 4,
      servedBy: { source: 'local' },
    })
    expect(good(await world.call('web3.storage.list'))).toMatchObject({
      files: [{ path: 'a.txt' }],
      servedBy: { source: 'local' },
    })
    expect(bad(await world.call('web3.storage.put', { ...file, path: '../a' }))).toMatchObject({
      error: 'E_INVALID_ARGUMENT',
    })
    expect(bad(await world.call('web3.storage.get', { path: 'b.txt' }))).toMatchObject({
      error: 'E_NOT_FOUND',
    })
    expect(await receipts(world)).toEqual([])

    const without = await testWorld()
    expect(bad(await without.call('web3.search.query', { q: 'tides' }))).toMatchObject({
      error: 'E_NOT_FOUND',
    })
  })

  it('a stranger in a group chat changes and spends nothing', async () => {
    const { world, seller } = await withSeller()
    const { leaseId, resourceId } = await leased(world, seller, 'search')
    const own = await publishAsNode(world, 'search')
    const before = await rootOf(world)
    const plan = { resourceId, ttlMs: 3_600_000 }
    const wishes: readonly (readonly [string, object])[] = [
      ['web3.search.query', { q: 'tides' }],
      ['web3.storage.put', { path: 'a', text: 'b' }],
      ['web3.storage.get', { path: 'a' }],
      ['web3.model.chat', { messages: [{ role: 'user', content: 'hi' }] }],
      ['web3.resources.lease', { ...plan, maxCost: '5' }],
      ['web3.resources.quote', plan],
      ['web3.resources.completeLease', { leaseId }],
      ['web3.resources.revokeLease', { leaseId }],
      ['web3.resources.publish', offerOf('search')],
      ['web3.resources.unpublish', { resourceId: own }],
    ]
    for (const [name, params] of wishes) {
      expect(bad(await callAsNode(name, params, { door: 'tool', owner: false })), name).toMatchObject({
        error: 'E_FORBIDDEN',
        details: { rule: 'owner-only' },
      })
    }
    expect(await rootOf(world)).toBe(before)
    expect(world.running.web3.vault().list()).toHaveLength(1)
    // Malformed is malformed whoever asks; and reading is free.
    expect(
      bad(await callAsNode('web3.search.query', { q: '' }, { door: 'tool', owner: false })),
    ).toMatchObject({
      error: 'E_INVALID_ARGUMENT',
    })
    good(await callAsNode('web3.resources.list', {}, { door: 'tool', owner: false }))
  })
})

async function receipts({ market }: RunningWorld) {
  return (await market.store.read({ as: 'market' }, (tx) => tx.list(ConsumerReceipts, { limit: 10 }))).items
}
