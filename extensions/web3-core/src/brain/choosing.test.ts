/** Which lease answers a turn, over a real market: those that it takes by itself, those that it has, and those that fail. */
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { completeLease } from '@openclaw-market/market-core'
import { LeaseId } from '@openclaw-market/protocol/ids'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { newWish } from '../consumer/end-wish.ts'
import type { RunningWorld } from '../plugin/running-world.fixture.ts'
import { good } from '../plugin/world.fixture.ts'
import { upstream } from '../provider/backends/upstream-fixture.ts'
import { callsOn } from './statement-lines.ts'
import { hour, owners, perCall, sentBy, thinker } from './thinking.fixture.ts'

/** Whose doing the vault does not hear of. */
const operatorOf = ({ market }: RunningWorld) => ({ kind: 'operator', actorId: market.address }) as const

/** The network between this gateway and a provider, for one call. */
function onNextCall(network: (call: () => Promise<Response>) => Promise<Response>): void {
  const { fetch } = globalThis
  let done = false
  const spy = vi.spyOn(globalThis, 'fetch').mockImplementation((to, how) => {
    if (done || typeof to !== 'string' || !to.endsWith('/web3/resources/model/chat')) return fetch(to, how)
    done = true
    return network(() => fetch(to, how))
  })
  onTestFinished(() => spy.mockRestore())
}

describe('a lease that it takes by itself', () => {
  const { senderId: _nobody, ...timer } = sentBy('run-1')

  it('is one for a conversation, until the conversation begins anew', async () => {
    const { world, leases, ask } = await thinker({ leases: [0] })
    const { brain } = world.running.web3
    const end = async () => {
      const active = (await leases()).find(({ status }) => status === 'lease_active')
      good(await world.call('web3.resources.completeLease', { leaseId: active?.['leaseId'] }))
    }
    expect(await brain.choose(timer)).toBe(true)
    expect(await ask('s')).toMatchObject({ status: 200 })
    await end()
    expect(await brain.choose(timer)).toBe(false)
    expect(brain.status()).toMatchObject({ reason: expect.stringContaining('no lease was taken: enough') })
    world.clock.ahead += 31_000
    expect(await brain.choose(timer)).toBe(false)
    expect(await leases()).toHaveLength(1)

    await brain.sessionEnded({ sessionKey: 'agent:main:a', reason: 'new' })
    await vi.waitFor(
      async () => {
        const { statements } = good(await world.call('web3.billing.statements'))
        expect(statements).toMatchObject([{ status: 'statement_closed' }])
      },
      // Sooner than it would be found by looking now and then.
      { timeout: 15_000 },
    )
    world.clock.ahead += 31_000
    expect(await brain.choose(timer)).toBe(true)
    expect(await ask('s')).toMatchObject({ status: 200 })
    expect(await leases()).toHaveLength(2)
  })

  it('is as many as the config says', async () => {
    const { world, leases, ask } = await thinker({ leases: [0], maxLeases: 2 })
    const { brain } = world.running.web3
    for (const chosen of [true, true, false]) {
      expect(await brain.choose(timer)).toBe(chosen)
      expect(await ask('s')).toMatchObject({ status: chosen ? 200 : 503 })
      for (const { leaseId, status } of await leases())
        if (status === 'lease_active') good(await world.call('web3.resources.completeLease', { leaseId }))
    }
    expect(await leases()).toHaveLength(2)
  })

  it('is one however many turns begin at once', async () => {
    const { world, leases, ask } = await thinker({ leases: [0, 1] })
    const { brain } = world.running.web3
    expect(await Promise.all([1, 2, 3].map(() => brain.choose(timer)))).toEqual([true, true, true])
    for (const { status } of await Promise.all([1, 2, 3].map(() => ask('s')))) expect(status).toBe(200)
    expect(await leases()).toHaveLength(1)
  })

  it('is the first of those in the config that can be had', async () => {
    const { world, models, leases, ask } = await thinker({ leases: ['unknown', 1, 0] })
    expect(await world.running.web3.brain.choose(timer)).toBe(true)
    expect(await ask('s')).toMatchObject({ status: 200 })
    expect(await leases()).toMatchObject([{ resourceId: models[1].resourceId }])
  })

  it('after a refusal is not asked for again at once', async () => {
    const { world, leases, ask } = await thinker({ leases: [0, 1], funds: 0n })
    const { brain } = world.running.web3
    expect(await brain.choose(timer)).toBe(true)
    expect(await ask('s')).toMatchObject({ status: 503 })
    expect(brain.status()).toMatchObject({
      reason: expect.stringContaining('no lease was taken: E_INSUFFICIENT_FUNDS'),
    })
    await world.fund(world.market.address, 1_000_000n)
    world.clock.ahead += 29_000
    expect(await brain.choose(timer)).toBe(false)
    expect(await leases()).toEqual([])
    world.clock.ahead += 1_000
    expect(await brain.choose(timer)).toBe(true)
    expect(await ask('s')).toMatchObject({ status: 200 })
  })
})

describe('which lease answers', () => {
  it('its own conversation’s; when that breaks before a word the next, which goes on for a while', async () => {
    const { world, models, lease, ask } = await thinker()
    const [own, shared] = models
    await lease(shared, { ttlMs: 2 * hour })
    await lease(own, { sessionKey: 'agent:main:a' })
    await world.running.web3.brain.choose(owners)
    const turn = async (): Promise<readonly number[]> => {
      const before = models.map(({ asked }) => asked.length)
      expect(await ask('s')).toMatchObject({ status: 200, text: expect.stringContaining('Yes.') })
      return models.map(({ asked }, at) => asked.length - (before[at] ?? 0))
    }
    expect(await turn()).toEqual([1, 0])
    own.breakAfter()
    expect(await turn()).toEqual([1, 1])
    own.answer('Yes.')
    expect(await turn()).toEqual([0, 1])
    world.clock.ahead += 61_000
    expect(await turn()).toEqual([1, 0])
  })

  it('after it broke in the middle, another; what was delivered is in our books at what its market says', async () => {
    const { world, models, lease, leases, ask } = await thinker()
    const { web3 } = world.running
    await lease(models[1])
    const leaseId = codec(LeaseId).decode(await lease(models[0], { sessionKey: 'agent:main:a' }))
    await web3.brain.choose(owners)
    models[0].breakAfter('The tide')
    const broken = await ask('s')
    expect(broken.text).not.toContain('[DONE]')
    expect(await ask('s')).toMatchObject({ status: 200, text: expect.stringContaining('[DONE]') })
    expect(models.map(({ asked }) => asked.length)).toEqual([1, 1])
    await web3.brain.close()
    const [call, ...more] = await callsOn(web3, leaseId)
    const metered = (await leases()).find((each) => each['leaseId'] === leaseId)?.['metered']
    expect([more, metered]).toEqual([[], expect.stringMatching(/^[1-9]/)])
    expect(call).toMatchObject({ sessionKey: 'agent:main:a', statedCost: BigInt(String(metered)) })
  })

  it('after the answer of one was lost, another; the call is in our books at what its market says', async () => {
    const { world, models, lease, leases, ask } = await thinker()
    const { web3 } = world.running
    await lease(models[1])
    const leaseId = codec(LeaseId).decode(await lease(models[0], { sessionKey: 'agent:main:a' }))
    await web3.brain.choose(owners)
    onNextCall(async (call) => {
      await (await call()).arrayBuffer()
      throw new TypeError('fetch failed')
    })
    expect(await ask('s')).toMatchObject({ status: 200, text: expect.stringContaining('[DONE]') })
    await web3.brain.close()
    const [paid] = (await leases()).filter((each) => each['leaseId'] === leaseId)
    const books = await callsOn(web3, leaseId)
    expect(books.map(({ statedCost }) => String(statedCost))).toEqual([paid?.['metered']])
    expect(paid?.['metered']).toMatch(/^[1-9]/)
  })

  it('after one could not be reached, another; nothing is in our books', async () => {
    const { world, models, lease, ask } = await thinker()
    const { web3 } = world.running
    await lease(models[1])
    const leaseId = codec(LeaseId).decode(await lease(models[0], { sessionKey: 'agent:main:a' }))
    await web3.brain.choose(owners)
    onNextCall(async () => {
      const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
      throw new TypeError('fetch failed', { cause })
    })
    expect(await ask('s')).toMatchObject({ status: 200 })
    await web3.brain.close()
    expect([await callsOn(web3, leaseId), models[0].asked]).toEqual([[], []])
  })

  it('none that its market says has ended, as soon as it is asked again', async () => {
    const { world, models, lease } = await thinker()
    const { brain, vault } = world.running.web3
    const leaseId = await lease(models[0])
    expect(await brain.choose(owners)).toBe(true)
    good(await world.market.run(completeLease, { leaseId }, operatorOf(world)))
    expect(vault().list()).toMatchObject([{ state: 'active' }])
    world.clock.ahead += 9_000
    expect(await brain.choose(owners)).toBe(true)
    world.clock.ahead += 1_000
    expect(await brain.choose(owners)).toBe(false)
    expect(brain.status()).toMatchObject({ reason: 'the lease has ended' })
  })

  it('none that a call has found ended', async () => {
    const { world, models, lease, ask, says } = await thinker()
    const { brain, vault } = world.running.web3
    const leaseId = await lease(models[0])
    expect(await brain.choose(owners)).toBe(true)
    good(await world.market.run(completeLease, { leaseId }, operatorOf(world)))
    expect(await ask('s')).toMatchObject({ status: 503 })
    expect(await says()).toMatchObject({ source: 'owner', reason: 'the lease has ended' })
    expect(vault().list()).toMatchObject([{ leaseId, state: 'closed' }])
  })

  it('none that a call has found too small for what an agent asks', async () => {
    const { world, models, lease, ask, says } = await thinker()
    const { brain } = world.running.web3
    await lease(models[0], { maxCost: '200' })
    expect(await brain.choose(owners)).toBe(true)
    expect(await ask('s')).toMatchObject({ status: 503 })
    expect(await says()).toMatchObject({ reason: 'the lease has nothing left to spend' })
    world.clock.ahead += 599_000
    expect(await brain.choose(owners)).toBe(false)
    world.clock.ahead += 2_000
    expect(await brain.choose(owners)).toBe(true)
  })

  it('none whose provider wants a pause, for as long as it wants it', async () => {
    const { world, models, lease, ask, says } = await thinker({ maxRequestsPerMinute: 2 })
    const { brain } = world.running.web3
    await lease(models[0])
    await brain.choose(owners)
    expect([(await ask('s')).status, (await ask('s')).status, (await ask('s')).status]).toEqual([
      200, 200, 503,
    ])
    expect(await says()).toMatchObject({ reason: 'the provider does not take the calls of this lease' })
    world.clock.ahead += 20_000
    expect(await brain.choose(owners)).toBe(false)
    world.clock.ahead += 10_000
    expect(await brain.choose(owners)).toBe(true)
  })

  it('none that has nothing left', async () => {
    const { world, models, lease, ask } = await thinker({ byCall: [0] })
    const { brain } = world.running.web3
    await lease(models[0], { maxCost: perCall })
    expect(await brain.choose(owners)).toBe(true)
    expect(await ask('s')).toMatchObject({ status: 200 })
    world.clock.ahead += 10_000
    expect(await brain.choose(owners)).toBe(false)
    expect(brain.status()).toMatchObject({ reason: 'the lease has nothing left to spend' })
  })

  it('none whose end the owner has wished for, though its market has not heard of it', async () => {
    const { world, models, lease } = await thinker()
    const { brain, vault } = world.running.web3
    await lease(models[0])
    const [entry] = vault().list()
    if (entry?.leaseId === undefined) throw new Error('no lease')
    await vault().wishEnd(entry.leaseId, newWish({ verb: 'complete' }, Date.now()))
    expect(await brain.choose(owners)).toBe(false)
    expect(brain.status()).toMatchObject({ reason: 'no model is leased for this conversation' })
  })

  it('none of a market that does not answer: the own choice has the turn within its deadline', async () => {
    const { origin } = await upstream(() => new Promise<never>(() => undefined))
    const { world } = await thinker({ markets: [{ name: 'silent', url: origin }] })
    const { brain, vault } = world.running.web3
    const { tokenHash } = await vault().addPending({
      market: 'silent',
      resourceId: world.market.ids.next('res'),
      kind: 'model',
      idempotencyKey: 'asked-of-silence',
    })
    const leaseId = world.market.ids.next('lease')
    await vault().activate(tokenHash, { leaseId, expiresAt: Date.now() + hour })
    const began = performance.now()
    expect(await brain.choose(owners)).toBe(false)
    expect(performance.now() - began).toBeLessThan(4_000)
    expect(brain.status()).toMatchObject({ reason: 'the provider or its market does not answer' })
  })

  it('none while the market is off: the own choice has the turn, and nothing is thrown', async () => {
    const { world, models, lease, ask } = await thinker()
    await lease(models[0])
    await world.stopMarket()
    expect(await world.running.web3.brain.choose(owners)).toBe(false)
    expect(await ask('s')).toMatchObject({ status: 503 })
  })
})
