/** Turns that think with a lease, over a real market: who they are for, what they may spend, and which lease answers. */
import { describe, expect, it } from 'vitest'
import { completeLease } from '@openclaw-market/market-core'
import { good } from '../plugin/world.fixture.ts'
import { upstream } from '../provider/backends/upstream-fixture.ts'
import { closeSessions } from './session-end.ts'
import { hour, lock, owners, sentBy, thinker } from './thinking.fixture.ts'

const going = new AbortController().signal
const today = (limit: string, agentId: string) => ({
  allow: { per: 'day', currency: 'USDC', limit, above: 'refuse', whose: { agentId } },
})

describe('whose turn it is', () => {
  it('spends nothing and asks nobody before the host has proved the owner', async () => {
    const { world, models, leases, ask } = await thinker({ leases: [0] })
    const { brain } = world.running.web3
    expect(await brain.choose(sentBy('run-1'))).toBe(true)
    expect(brain.status()).toMatchObject({ reason: 'a lease is taken when the sender is proved' })
    expect(await leases()).toEqual([])
    expect(await ask('s')).toMatchObject({ status: 503 })
    brain.proved(sentBy('run-1'), false)
    expect(await ask('s')).toMatchObject({ status: 503 })
    expect(brain.status()).toMatchObject({ reason: 'the message was not written by the owner' })
    expect([await leases(), models[0].asked]).toEqual([[], []])

    brain.proved(sentBy('run-2'), true)
    expect(await brain.choose(sentBy('run-2'))).toBe(true)
    expect(await ask('s')).toMatchObject({ status: 200, text: expect.stringContaining('Yes.') })
    expect(await leases()).toMatchObject([{ status: 'lease_active', maxCost: lock }])
  })

  // The host also comes by itself: to a run whose own choice is the leased model, or whose own model has failed.
  it.each([
    { by: 'another run', run: { ...owners, derived: true }, reason: 'another run began this one' },
    {
      by: 'an agent that is not named',
      run: owners,
      brain: { agents: ['other'] },
      reason: 'the config does not name this agent',
    },
    {
      by: 'anybody while it is off',
      run: owners,
      brain: { enabled: false },
      reason: 'the brain is not enabled in the config',
    },
  ])('answers and leases nothing that is asked for by name: $by', async ({ run, brain = {}, reason }) => {
    const { world, models, lease, leases, ask } = await thinker({ leases: [0], brain })
    const { brain: of } = world.running.web3
    expect(await of.choose({ ...run, ownModel: 'web3/leased' })).toBe(false)
    expect(await ask('s')).toMatchObject({ status: 503 })
    expect([await leases(), of.status().reason]).toEqual([[], reason])
    await lease(models[0])
    expect(await ask('s')).toMatchObject({ status: 503 })
    expect(models[0].asked).toEqual([])
  })

  it('is nobody’s for a session that no turn was chosen in', async () => {
    const { models, lease, ask } = await thinker()
    await lease(models[0])
    expect(await ask('unknown')).toMatchObject({ status: 503 })
    expect(models[0].asked).toEqual([])
  })

  it('the token of the lease goes to its provider, and not to the client of the host', async () => {
    const { world, models, lease, ask } = await thinker()
    const { brain, vault } = world.running.web3
    const leaseId = await lease(models[0])
    await brain.choose(owners)
    const { text, headers } = await ask('s')
    expect(text).toContain('Yes.')
    const ticket = await brain.open('s')
    const entry = vault().list()[0]
    expect(entry).toMatchObject({ leaseId })
    const token = entry?.leaseId === undefined ? '' : vault().token(entry.leaseId)
    expect(token).toMatch(/^tok_/)
    expect(ticket.apiKey).toMatch(/^brn_[\w-]{43}$/)
    expect(JSON.stringify([ticket, [...headers], text, world.log])).not.toContain(token.slice(4))
  })
})

describe.each(['sqlite', 'file'] as const)('what a turn may spend, on the %s store', (store) => {
  it('no more for a lease than the allowance of its agent: the own choice answers, and it is said why', async () => {
    const { world, models, leases, says } = await thinker({ store, leases: [0] })
    good(await world.call('web3.billing.policy.set', today('1000', 'main')))
    expect(await world.running.web3.brain.choose({ ...owners, ownModel: 'own/plain' })).toBe(false)
    expect(await says()).toEqual({
      source: 'owner',
      model: 'own/plain',
      availability: 'unavailable',
      reason: 'no model is leased for this conversation; no lease was taken: E_QUOTA_EXCEEDED',
    })
    expect([await leases(), models[0].asked]).toEqual([[], []])
    const worker = { ...owners, sessionId: 'w', sessionKey: 'agent:worker:a', agentId: 'worker' }
    expect(await world.running.web3.brain.choose(worker)).toBe(true)
    expect(await leases()).toHaveLength(1)
  })

  it('no more for a call on a lease that another run took', async () => {
    const { world, models, lease, ask, says } = await thinker({ store })
    const { brain } = world.running.web3
    await lease(models[0])
    good(await world.call('web3.billing.policy.set', today('10', 'worker')))
    const worker = { ...owners, sessionId: 'w', sessionKey: 'agent:worker:a', agentId: 'worker' }
    expect(await brain.choose({ ...worker, ownModel: 'own/plain' })).toBe(true)
    expect(await ask('w')).toMatchObject({ status: 503, text: expect.stringContaining('E_UNAVAILABLE') })
    expect(await says()).toEqual({
      source: 'owner',
      model: 'own/plain',
      availability: 'unavailable',
      reason: 'the budget does not let this run use the lease',
    })
    expect(models[0].asked).toEqual([])
    await brain.choose(owners)
    expect(await ask('s')).toMatchObject({ status: 200 })
  })

  it('counts a call of a run that has not paid for the lease at what it came to', async () => {
    const { world, models, lease, ask } = await thinker({ store })
    const { brain } = world.running.web3
    await lease(models[0])
    good(await world.call('web3.billing.policy.set', today('100000', 'worker')))
    await brain.choose({ ...owners, agentId: 'worker' })
    expect(await ask('s')).toMatchObject({ status: 200 })
    await brain.close()
    const { allowances } = good(await world.call('web3.billing.policy.get'))
    expect(allowances).toMatchObject([{ used: `${100 + 12 * 2 + 3 * 3}` }])
  })
})

describe('a lease that it takes by itself', () => {
  const { senderId: _nobody, ...timer } = sentBy('run-1')

  it('is one for a conversation, until the conversation begins anew', async () => {
    const { world, leases } = await thinker({ leases: [0] })
    const { brain } = world.running.web3
    const end = async () => {
      const active = (await leases()).find(({ status }) => status === 'lease_active')
      good(await world.call('web3.resources.completeLease', { leaseId: active?.['leaseId'] }))
    }
    expect(await brain.choose(timer)).toBe(true)
    await end()
    expect(await brain.choose(timer)).toBe(false)
    expect(brain.status()).toMatchObject({ reason: expect.stringContaining('no lease was taken: enough') })
    world.clock.ahead += 31_000
    expect(await brain.choose(timer)).toBe(false)
    expect(await leases()).toHaveLength(1)

    await brain.sessionEnded({ sessionKey: 'agent:main:a', reason: 'new' })
    await closeSessions(world.running.web3, going)
    world.clock.ahead += 31_000
    expect(await brain.choose(timer)).toBe(true)
    expect(await leases()).toHaveLength(2)
  })

  it('is as many as the config says', async () => {
    const { world, leases } = await thinker({ leases: [0], maxLeases: 2 })
    const { brain } = world.running.web3
    for (const chosen of [true, true, false]) {
      expect(await brain.choose(timer)).toBe(chosen)
      for (const { leaseId, status } of await leases())
        if (status === 'lease_active') good(await world.call('web3.resources.completeLease', { leaseId }))
    }
    expect(await leases()).toHaveLength(2)
  })

  it('is one however many turns begin at once', async () => {
    const { world, leases } = await thinker({ leases: [0, 1] })
    const { brain } = world.running.web3
    expect(await Promise.all([1, 2, 3].map(() => brain.choose(timer)))).toEqual([true, true, true])
    expect(await leases()).toHaveLength(1)
  })

  it('after a refusal is not asked for again at once', async () => {
    const { world, leases } = await thinker({ leases: [0, 1], funds: 0n })
    const { brain } = world.running.web3
    expect(await brain.choose(timer)).toBe(false)
    expect(brain.status()).toMatchObject({
      reason: expect.stringContaining('no lease was taken: E_INSUFFICIENT_FUNDS'),
    })
    await world.fund(world.market.address, 1_000_000n)
    world.clock.ahead += 29_000
    expect(await brain.choose(timer)).toBe(false)
    expect(await leases()).toEqual([])
    world.clock.ahead += 1_000
    expect(await brain.choose(timer)).toBe(true)
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

  it('after it broke in the middle, another', async () => {
    const { world, models, lease, ask } = await thinker()
    await lease(models[1])
    await lease(models[0], { sessionKey: 'agent:main:a' })
    await world.running.web3.brain.choose(owners)
    models[0].breakAfter('The tide')
    const broken = await ask('s')
    expect(broken.text).not.toContain('[DONE]')
    expect(await ask('s')).toMatchObject({ status: 200, text: expect.stringContaining('[DONE]') })
    expect(models.map(({ asked }) => asked.length)).toEqual([1, 1])
  })

  it('none that its market says has ended, as soon as it is asked again', async () => {
    const { world, models, lease } = await thinker()
    const { brain, vault } = world.running.web3
    const leaseId = await lease(models[0])
    expect(await brain.choose(owners)).toBe(true)
    const behindTheVault = { kind: 'operator', actorId: world.market.address } as const
    good(await world.market.run(completeLease, { leaseId }, behindTheVault))
    expect(vault().list()).toMatchObject([{ state: 'active' }])
    world.clock.ahead += 9_000
    expect(await brain.choose(owners)).toBe(true)
    world.clock.ahead += 1_000
    expect(await brain.choose(owners)).toBe(false)
    expect(brain.status()).toMatchObject({ reason: 'the lease has ended' })
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
