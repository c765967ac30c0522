/** A provider that refuses a call and bills it all the same: what is billed counts, whoever says that nothing was done. */
import { expect, it } from 'vitest'
import { inJson, type Tamper } from '../plugin/tampering-proxy.fixture.ts'
import { bad, good, type Json } from '../plugin/world.fixture.ts'
import { callAsNode } from '../surface/gateway-methods.ts'
import { api, besideAnotherMarket, here, proxy, queryPath, there, wish } from './lying-market.fixture.ts'

besideAnotherMarket()

/** Somebody whose calls on the owner's lease count. */
async function bobs(): Promise<{ ask(): Promise<unknown>; used(): Promise<unknown>; leaseId: string }> {
  const { leaseId } = good(await here.call('web3.resources.lease', wish()))
  const sender = { channel: 'telegram', id: 'bob' }
  const allow = { per: 'day', currency: 'USDC', limit: '2500', above: 'refuse', whose: { sender } }
  good(await here.call('web3.billing.policy.set', { allow }))
  const run = { agentId: 'main', sessionKey: 'agent:main:group', senderId: 'bob', channel: 'telegram' }
  return {
    leaseId: String(leaseId),
    ask: async () =>
      bad(await callAsNode('web3.search.query', { q: 'tides' }, { door: 'tool', owner: false, run })).error,
    used: async () => {
      const { allowances } = good(await here.call('web3.billing.policy.get'))
      return (allowances as Json[])[0]?.['used']
    },
  }
}

/** It has served and billed the call by then. */
const refusing =
  (headers: Readonly<Record<string, string>> = {}): Tamper =>
  (at, reply) =>
    at === queryPath
      ? { status: 429, headers, body: JSON.stringify({ ok: false, error: 'E_RATE_LIMITED', message: 'no' }) }
      : reply
const withoutRecords = inJson(`${api}status`, (json) => ({ ...json, records: [] }))

it('that is on record counts at once', async () => {
  const { ask, used } = await bobs()
  proxy.tamper(refusing())
  expect(await ask()).toBe('E_RATE_LIMITED')
  expect(await used()).toBe('1000')
  await ask()
  expect(await ask()).toBe('E_QUOTA_EXCEEDED')
})

it('that the refusal itself claims counts, and what is on record later as soon as it is seen', async () => {
  const { ask, used, leaseId } = await bobs()
  proxy.tamper((at, reply) => {
    const hidden = withoutRecords(at, reply)
    return typeof hidden === 'string' ? hidden : refusing({ 'x-openclaw-cost': '700' })(at, hidden)
  })
  expect(await ask()).toBe('E_RATE_LIMITED')
  expect(await used()).toBe('700')
  proxy.tamper((_at, reply) => reply)
  good(await here.call('web3.resources.status', { leaseId }))
  expect(await used()).toBe('1000')
  proxy.tamper(
    inJson(`${api}status`, (json) => ({
      ...json,
      records: (json['records'] as Json[]).map((each) => ({ ...each, cost: '999999' })),
    })),
  )
  good(await here.call('web3.resources.status', { leaseId }))
  // Never more than was taken for it.
  expect(await used()).toBe('1000')
})

it('that nobody can be asked about stays counted whole', async () => {
  const { ask, used } = await bobs()
  proxy.tamper((at, reply) => (at === `${api}status` ? 'cut' : refusing()(at, reply)))
  await ask()
  expect(await used()).toBe('1000')
})

it('and one that was never billed counts nothing', async () => {
  const { ask, used, leaseId } = await bobs()
  good(await there.call('web3.resources.revokeLease', { leaseId }))
  expect(await ask()).toBe('E_REVOKED')
  expect(await used()).toBe('0')
})
