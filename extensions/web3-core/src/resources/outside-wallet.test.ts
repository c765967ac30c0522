import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  leaseAs,
  newResourceId,
  outsideWallet,
  post,
  publishAs,
  type OutsideWallet,
} from '../plugin/outside-wallet.fixture.ts'
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
} from '../plugin/world.fixture.ts'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'

const offer = offerOf('search').resource

/** A world over whose search backend one outside wallet may publish. The wallet is known before the world is. */
async function withProvider(): Promise<{ world: RunningWorld; provider: OutsideWallet }> {
  const home = await temporaryHome()
  const account = privateKeyToAccount(generatePrivateKey())
  const { docs, ...backends } = backendsOf(home)
  const config = { provider: { backends: { ...backends, docs: { ...docs, publishers: [account.address] } } } }
  const world = await testWorld({ home, config })
  return { world, provider: outsideWallet(world, account) }
}

async function refused(world: RunningWorld, wallet: OutsideWallet, method: string, params: object) {
  const before = await rootOf(world)
  const { status, body } = await wallet.api(method, params)
  expect(await rootOf(world), 'nothing written').toBe(before)
  return { status, ...bad(body) }
}

async function search(url: string, token: string, q = 'tides') {
  const response = await fetch(`${url}/web3/resources/search/query`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ q }),
  })
  return { status: response.status, body: (await response.json()) as Json }
}

describe('publishing with an outside wallet', () => {
  it('serves under a signed delegation, and pays the wallet', async () => {
    const { world, provider } = await withProvider()
    const resourceId = await publishAs(provider, offer)
    const consumer = outsideWallet(world)
    await world.fund(consumer.actorId, 50_000n)
    const { leaseId, token } = await leaseAs(consumer, resourceId, '5000')
    expect(await search(world.url, token)).toMatchObject({ status: 200, body: { results: [{}, {}] } })
    const ended = good((await consumer.api('web3.resources.completeLease', { leaseId })).body)
    expect(ended).toMatchObject({
      lease: { status: 'lease_completed', metered: '1000', settlementStatus: 'settlement_released' },
    })
    expect(good((await provider.api('web3.billing.summary')).body)).toMatchObject({
      currencies: [{ currency: 'USDC', earned: '1000', available: '1000' }],
    })
  })

  it.each<[string, (wallet: OutsideWallet, resourceId: string) => Promise<Json | undefined>, string]>([
    ['is missing', async () => undefined, 'missing'],
    ['is for another resource', (w) => w.delegation(newResourceId(), 'docs'), 'another resourceId'],
    ['is for another backend', (w, id) => w.delegation(id, 'disk'), 'another backend'],
    [
      'is for another market',
      (w, id) => w.delegation(id, 'docs', { delegate: w.actorId }),
      'not this market',
    ],
    ['has expired', (w, id) => w.delegation(id, 'docs', { expiresAt: Date.now() - 1 }), 'expired'],
    [
      'was signed for other terms',
      async (w, id) => ({
        ...(await w.delegation(id, 'docs')),
        expiresAt: new Date(Date.now() + 90_000_000).toISOString(),
      }),
      'signature',
    ],
  ])('is refused when the delegation %s', async (_what, make, word) => {
    const { world, provider } = await withProvider()
    await provider.signIn()
    const resourceId = newResourceId()
    const delegation = await make(provider, resourceId)
    const resource = { ...offer, resourceId, ...(delegation === undefined ? {} : { delegation }) }
    const failure = await refused(world, provider, 'web3.resources.publish', { resource })
    expect(failure).toMatchObject({
      status: 403,
      error: 'E_FORBIDDEN',
      details: { pointer: '/resource/delegation' },
    })
    expect(failure.message).toContain(word)
  })

  it('another wallet may not publish over that backend, and learns of none', async () => {
    const { world } = await withProvider()
    const stranger = outsideWallet(world)
    await stranger.signIn()
    const resourceId = newResourceId()
    const delegation = await stranger.delegation(resourceId, 'docs')
    const resource = { ...offer, resourceId, delegation }
    const failure = await refused(world, stranger, 'web3.resources.publish', { resource })
    expect(failure).toMatchObject({ status: 503, error: 'E_NOT_CONFIGURED', details: { usable: [] } })
  })
})

describe('leasing with an outside wallet', () => {
  async function leasable() {
    const world = await testWorld()
    const resourceId = await publishAsNode(world, 'search')
    const wallet = outsideWallet(world)
    await world.fund(wallet.actorId, 10_000n)
    return { world, resourceId, wallet }
  }

  it('needs its own token hash, a quote, and its signature over the quote', async () => {
    const { world, resourceId, wallet } = await leasable()
    const { token: _, ...wish } = await wallet.wish(resourceId, '5000')
    for (const missing of ['tokenHash', 'quoteId', 'consentSignature']) {
      const { [missing]: _gone, ...rest } = wish as Record<string, unknown>
      expect(await refused(world, wallet, 'web3.resources.lease', rest)).toMatchObject({
        status: 400,
        error: 'E_INVALID_ARGUMENT',
        details: { pointer: `/${missing}`, rule: 'required' },
      })
    }
    const forged = { ...wish, consentSignature: `0x${'11'.repeat(65)}` }
    expect(await refused(world, wallet, 'web3.resources.lease', forged)).toMatchObject({
      status: 403,
      error: 'E_FORBIDDEN',
    })
    const more = { ...wish, maxCost: '5001' }
    expect(await refused(world, wallet, 'web3.resources.lease', more)).toMatchObject({
      status: 409,
      error: 'E_CONFLICT',
    })
  })

  it('keeps its token to itself, and the same key again gives the same lease and locks nothing twice', async () => {
    const { world, resourceId, wallet } = await leasable()
    const { token, ...wish } = await wallet.wish(resourceId, '5000')
    const params = { ...wish, idempotencyKey: 'the-only-one' }
    const first = good((await wallet.api('web3.resources.lease', params)).body)
    expect(first).toMatchObject({ stored: false, market: 'local' })
    expect(good((await wallet.api('web3.resources.lease', params)).body)).toEqual(first)
    expect(
      await refused(world, wallet, 'web3.resources.lease', { ...params, maxCost: '4000' }),
    ).toMatchObject({ status: 409 })
    expect(good((await wallet.api('web3.billing.summary')).body)).toMatchObject({
      currencies: [{ available: '5000', held: '5000' }],
    })
    expect(world.running.web3.vault().list()).toEqual([])
    expect(await search(world.url, token)).toMatchObject({ status: 200 })
    expect(createHash('sha256').update(token).digest('hex')).toBe(wish['tokenHash'])
  })

  it('beyond what it has: 402 and how much is missing', async () => {
    const { world, resourceId, wallet } = await leasable()
    const { token: _, ...wish } = await wallet.wish(resourceId, '10001')
    expect(await refused(world, wallet, 'web3.resources.lease', wish)).toMatchObject({
      status: 402,
      error: 'E_INSUFFICIENT_FUNDS',
      details: { missing: '1' },
    })
  })

  it('deals with this market only', async () => {
    const { world, resourceId, wallet } = await leasable()
    await wallet.signIn()
    for (const method of ['web3.resources.list', 'web3.resources.leases'] as const) {
      expect(await refused(world, wallet, method, { market: 'other' })).toMatchObject({
        status: 403,
        error: 'E_FORBIDDEN',
      })
    }
    const named = { resourceId, market: 'other' }
    expect(await refused(world, wallet, 'web3.resources.get', named)).toMatchObject({
      status: 403,
      error: 'E_FORBIDDEN',
    })
    expect(
      good((await wallet.api('web3.resources.get', { resourceId, market: 'local' })).body),
    ).toMatchObject({
      resource: { resourceId },
    })
  })

  it('someone else’s lease, quote or resource is as if it did not exist', async () => {
    const { world, resourceId, wallet } = await leasable()
    const { leaseId } = await leaseAs(wallet, resourceId, '5000')
    const { token: _, ...wish } = await wallet.wish(resourceId, '1000')
    const stranger = outsideWallet(world)
    await world.fund(stranger.actorId, 10_000n)
    await stranger.signIn()
    const none = `lease_${'0'.repeat(26)}`
    const told = async (method: string, id: string, more: object = {}) => {
      const { status, message, ...rest } = await refused(world, stranger, method, { leaseId: id, ...more })
      return { status, ...rest, message: message.replace(id, 'ID') }
    }
    for (const method of [
      'web3.resources.status',
      'web3.resources.completeLease',
      'web3.resources.revokeLease',
    ]) {
      const [theirs, nothing] = [await told(method, leaseId), await told(method, none)]
      expect(theirs).toEqual(nothing)
      expect(theirs).toMatchObject({ status: 404, error: 'E_NOT_FOUND' })
    }
    expect(good((await stranger.api('web3.resources.leases')).body)).toMatchObject({ leases: [] })
    expect(await refused(world, stranger, 'web3.resources.lease', wish)).toMatchObject({
      status: 404,
      error: 'E_NOT_FOUND',
    })
    expect(await refused(world, stranger, 'web3.resources.unpublish', { resourceId })).toMatchObject({
      status: 404,
    })

    good(await world.call('web3.resources.unpublish', { resourceId }))
    const gone = await post(world.url, 'web3.resources.get', { resourceId })
    const never = await post(world.url, 'web3.resources.get', { resourceId: newResourceId() })
    expect([gone.status, never.status]).toEqual([404, 404])
  })
})
