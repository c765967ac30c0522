/** Turns that think with a lease, over a real market: who they are for, and what they may spend. */
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { good } from '../plugin/world.fixture.ts'
import { hour, lock, owners, perCall, sentBy, thinker } from './thinking.fixture.ts'

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

  it('spends nothing for a run without a sender, either, that the host then says is not the owner’s', async () => {
    const { world, models, leases, ask } = await thinker({ leases: [0] })
    const { brain } = world.running.web3
    const run = { ...owners, runId: 'run-1' }
    expect(await brain.choose(run)).toBe(true)
    expect(await leases()).toEqual([])
    brain.proved(run, false)
    expect(await ask('s')).toMatchObject({ status: 503 })
    expect(await brain.choose({ ...run, runId: 'run-2' })).toBe(false)
    expect(brain.status()).toMatchObject({ reason: 'the message was not written by the owner' })
    expect([await leases(), models[0].asked]).toEqual([[], []])
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
    const { world, models, leases, ask, says } = await thinker({ store, leases: [0] })
    good(await world.call('web3.billing.policy.set', today('1000', 'main')))
    await world.running.web3.brain.choose({ ...owners, ownModel: 'own/plain' })
    expect(await ask('s')).toMatchObject({ status: 503 })
    expect(await says()).toEqual({
      source: 'owner',
      model: 'own/plain',
      availability: 'unavailable',
      reason: 'no model is leased for this conversation; no lease was taken: E_QUOTA_EXCEEDED',
    })
    expect([await leases(), models[0].asked]).toEqual([[], []])
    const worker = { ...owners, sessionId: 'w', sessionKey: 'agent:worker:a', agentId: 'worker' }
    await world.running.web3.brain.choose(worker)
    expect(await ask('w')).toMatchObject({ status: 200 })
    expect(await leases()).toHaveLength(1)
  })

  it('no more for a call on a lease that another run took', async () => {
    const { world, models, lease, ask, says } = await thinker({ store })
    const { brain } = world.running.web3
    await lease(models[0])
    good(await world.call('web3.billing.policy.set', today('600', 'worker')))
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

  it('calls on the first lease that its budget covers', async () => {
    const { world, models, lease, ask } = await thinker({ store, byCall: [1] })
    await lease(models[0], { ttlMs: 2 * hour })
    await lease(models[1])
    good(await world.call('web3.billing.policy.set', today(perCall, 'worker')))
    await world.running.web3.brain.choose({ ...owners, agentId: 'worker' })
    expect(await ask('s')).toMatchObject({ status: 200 })
    expect(models.map(({ asked }) => asked.length)).toEqual([0, 1])
  })

  it('what a call came to on a lease that another run took, and nothing of one that was refused', async () => {
    const { world, models, lease, ask } = await thinker({ store })
    const { brain } = world.running.web3
    await lease(models[1], { maxCost: '200', ttlMs: 2 * hour })
    await lease(models[0])
    good(await world.call('web3.billing.policy.set', today('100000', 'worker')))
    await brain.choose({ ...owners, agentId: 'worker' })
    expect(await ask('s')).toMatchObject({ status: 200 })
    expect(models.map(({ asked }) => asked.length)).toEqual([1, 0])
    await brain.close()
    const { allowances } = good(await world.call('web3.billing.policy.get'))
    expect(allowances).toMatchObject([{ used: `${100 + 12 * 2 + 3 * 3}` }])
  })

  it('what a call that was refused is billed all the same', async () => {
    const { world, models, lease, ask } = await thinker({ store })
    const { brain } = world.running.web3
    await lease(models[0])
    good(await world.call('web3.billing.policy.set', today('100000', 'worker')))
    await brain.choose({ ...owners, agentId: 'worker' })
    const { fetch } = globalThis
    const network = vi.spyOn(globalThis, 'fetch').mockImplementation(async (to, how) => {
      const answer = await fetch(to, how)
      if (typeof to !== 'string' || !to.endsWith('/web3/resources/model/chat')) return answer
      await answer.arrayBuffer()
      return Response.json({ ok: false, error: 'E_RATE_LIMITED', message: 'no' }, { status: 429 })
    })
    onTestFinished(() => network.mockRestore())
    expect(await ask('s')).toMatchObject({ status: 503 })
    await brain.close()
    const { allowances } = good(await world.call('web3.billing.policy.get'))
    expect(allowances).toMatchObject([{ used: `${100 + 12 * 2 + 3 * 3}` }])
  })
})
