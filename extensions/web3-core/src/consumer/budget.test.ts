/** What the ledger here does not see: leases of another market, and calls on leases that somebody else has paid for. */
import { describe, expect, it } from 'vitest'
import { childWorld } from '../plugin/child-world.fixture.ts'
import { backendsOf, type RunningWorld } from '../plugin/running-world.fixture.ts'
import { bad, good, offerOf, temporaryHome, testWorld, type Json } from '../plugin/world.fixture.ts'
import { callAsNode, type OwnersDoor } from '../surface/gateway-methods.ts'
import { settleSpends } from './settle-spends.ts'

const day = { per: 'day', currency: 'USDC' }
const bob = { senderId: 'bob', channel: 'telegram', agentId: 'main', sessionKey: 'agent:main:group' }
const bobs: OwnersDoor = { door: 'tool', owner: false, run: bob }
const worker: OwnersDoor = {
  door: 'tool',
  owner: true,
  run: { agentId: 'worker', sessionKey: 'agent:worker:1' },
}

async function twoMarkets(store: 'sqlite' | 'file') {
  const home = await temporaryHome()
  const there = await childWorld({ home, store, config: { provider: { backends: backendsOf(home) } } })
  const markets = [{ name: 'other', url: there.url, address: there.address }]
  const here = await testWorld({ store, config: { markets } })
  await there.fund(here.market.address, 1_000_000n)
  const resourceId = String(good(await there.call('web3.resources.publish', offerOf('search')))['resourceId'])
  return { here, there, resourceId }
}

async function allow(here: RunningWorld, limit: string, more: object = {}): Promise<void> {
  good(await here.call('web3.billing.policy.set', { allow: { ...day, limit, above: 'refuse', ...more } }))
}

async function used(here: RunningWorld): Promise<unknown[]> {
  const { allowances } = good(await here.call('web3.billing.policy.get'))
  return (allowances as Json[]).map((each) => each['used'])
}

const wish = (resourceId: string, maxCost: string) => ({ resourceId, ttlMs: 3_600_000, maxCost })
const search = (from: OwnersDoor) => callAsNode('web3.search.query', { q: 'tides' }, from)

describe.each(['sqlite', 'file'] as const)('a budget over two markets on %s', (store) => {
  it('takes a lease elsewhere before it is asked for, and lets go of what it did not come to', async () => {
    const { here, resourceId } = await twoMarkets(store)
    await allow(here, '100000')
    const { leaseId } = good(await here.call('web3.resources.lease', wish(resourceId, '80000')))
    expect(await used(here)).toEqual(['80000'])
    const refused = bad(await here.call('web3.resources.lease', wish(resourceId, '20001')))
    expect(refused).toMatchObject({
      error: 'E_QUOTA_EXCEEDED',
      details: { amount: '20001', used: '80000', limit: '100000', left: '20000' },
    })
    expect(here.running.web3.vault().list()).toHaveLength(1)

    good(await here.call('web3.search.query', { q: 'tides' }))
    good(await here.call('web3.resources.completeLease', { leaseId }))
    const { web3 } = here.running
    expect(await settleSpends(web3, new AbortController().signal, undefined)).toBeUndefined()
    expect(await used(here)).toEqual(['1000'])
    expect(here.log.filter((line) => !line.startsWith('serving'))).toEqual([])
  })

  it('gives back at once what another market refuses', async () => {
    const { here, resourceId } = await twoMarkets(store)
    await allow(here, '9000000')
    expect(bad(await here.call('web3.resources.lease', wish(resourceId, '5000000'))).error).toBe(
      'E_INSUFFICIENT_FUNDS',
    )
    expect(await used(here)).toEqual(['0'])
    good(await here.call('web3.resources.lease', wish(resourceId, '900000')))
  })

  it('counts a call for whoever has not paid for its lease, at what it came to', async () => {
    const { here, there, resourceId } = await twoMarkets(store)
    good(await here.call('web3.resources.lease', wish(resourceId, '90000')))
    expect(bad(await search(bobs))).toMatchObject({ error: 'E_FORBIDDEN', details: { rule: 'owner-only' } })
    await allow(here, '2500', { whose: { sender: { channel: 'telegram', id: 'bob' } } })
    await allow(here, '1000', { whose: { agentId: 'worker' } })
    good(await search(bobs))
    good(await search(bobs))
    expect(bad(await search(bobs))).toMatchObject({
      error: 'E_QUOTA_EXCEEDED',
      details: { amount: '1000', used: '2000', limit: '2500', left: '500' },
    })
    // The host calls the worker's sender owner; its agent is held all the same.
    good(await search(worker))
    expect(bad(await search(worker)).error).toBe('E_QUOTA_EXCEEDED')
    good(await here.call('web3.search.query', { q: 'tides' }))
    expect(await used(here)).toEqual(['2000', '1000'])

    await there.stop()
    const unknown = bad(await search(worker))
    expect(unknown).toMatchObject({ error: 'E_QUOTA_EXCEEDED', details: { amount: 'unknown' } })
    expect(unknown.message).toContain('an unknown amount of USDC')
  })

  it('counts what a file that is put will come to until its lease ends, not only what the put is billed', async () => {
    const { here, there } = await twoMarkets(store)
    const prices = [
      { unit: 'put', amount: '10', per: '1', currency: 'USDC' },
      { unit: 'gb_day', amount: '1000000000', per: '1', currency: 'USDC' },
    ]
    const storage = good(await there.call('web3.resources.publish', offerOf('storage', { prices })))
    good(await here.call('web3.resources.lease', wish(String(storage['resourceId']), '90000')))
    await allow(here, '5000', { whose: { agentId: 'worker' } })
    const put = (path: string) => callAsNode('web3.storage.put', { path, text: 'x'.repeat(100_000) }, worker)
    expect(good(await put('a'))).toMatchObject({ servedBy: { cost: '10' } })
    // 10^5 bytes for an hour at 10^9 a gb_day are 4,167; the lease has run for a moment by now.
    const [counted] = await used(here)
    expect(Number(counted)).toBeGreaterThan(4_000)
    expect(Number(counted)).toBeLessThanOrEqual(4_177)
    expect(bad(await put('b'))).toMatchObject({
      error: 'E_QUOTA_EXCEEDED',
      details: { used: counted, limit: '5000', amount: expect.stringMatching(/^4[01]\d\d$/) },
    })
  })

  it('opens to those who have an allowance nothing that is not for sale to them', async () => {
    const { here } = await twoMarkets(store)
    await allow(here, '2500', { whose: { sender: { channel: 'telegram', id: 'bob' } } })
    for (const [name, params] of [
      ['web3.storage.put', { path: 'a', text: 'b' }],
      ['web3.storage.get', { path: 'a' }],
      ['web3.storage.list', {}],
    ] as const) {
      expect(bad(await callAsNode(name, params, bobs)), name).toMatchObject({
        details: { rule: 'owner-only' },
      })
    }
    const raise = { allow: { ...day, limit: '1000000' } }
    for (const from of [bobs, worker, { door: 'tool', owner: true } as const])
      expect(bad(await callAsNode('web3.billing.policy.set', raise, from)).error).toBe('E_FORBIDDEN')
    expect(
      bad(await callAsNode('web3.billing.policy.set', raise, { ...bobs, door: 'gateway' })),
    ).toMatchObject({
      details: { rule: 'owner-only' },
    })
  })

  it('an approval is good for the very same request to another market, once', async () => {
    const { here, resourceId } = await twoMarkets(store)
    await allow(here, '10', { above: 'ask' })
    const asked = wish(resourceId, '5000')
    const refused = bad(await here.call('web3.resources.lease', asked))
    expect(refused.error).toBe('E_APPROVAL_REQUIRED')
    const approvalId = String((refused.details ?? {})['approvalId'])
    good(await here.call('web3.billing.policy.set', { approve: approvalId }))
    const tries = await Promise.all(
      [asked, asked, asked].map((each) => here.call('web3.resources.lease', each)),
    )
    expect(tries.filter(({ ok }) => ok)).toHaveLength(1)
    const again = bad(await here.call('web3.resources.lease', asked))
    expect(again.error).toBe('E_APPROVAL_REQUIRED')
    expect((again.details ?? {})['approvalId']).not.toBe(approvalId)
    expect(await used(here)).toEqual(['5000'])
  })
})
