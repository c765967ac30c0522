/** The end of a conversation over a real market: what was opened for it ends, once, whatever happens in between. */
import { describe, expect, it } from 'vitest'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { SessionStatements } from '@openclaw-market/protocol/entities/session-statement'
import { outsideWallet, publishAs } from '../plugin/outside-wallet.fixture.ts'
import { backendsOf } from '../plugin/running-world.fixture.ts'
import { bad, good, offerOf, temporaryHome, testWorld, type Json } from '../plugin/world.fixture.ts'
import { callAsNode } from '../surface/gateway-methods.ts'
import { closeSessions, endSession } from './session-end.ts'

const here = 'agent:main:here'
const price = '1000'
const going = new AbortController().signal

async function conversations(store: 'sqlite' | 'file') {
  const home = await temporaryHome()
  const account = privateKeyToAccount(generatePrivateKey())
  const { docs } = backendsOf(home)
  const config = { provider: { backends: { docs: { ...docs, publishers: [account.address] } } } }
  const world = await testWorld({ home, store, config })
  await world.fund(world.market.address, 1_000_000n)
  const resourceId = await publishAs(outsideWallet(world, account), offerOf('search').resource)
  const lease = async (sessionKey?: string): Promise<string> => {
    const session = sessionKey === undefined ? {} : { sessionKey }
    const params = { resourceId, ttlMs: 3_600_000, maxCost: '100000', ...session }
    return String(good(await world.call('web3.resources.lease', params))['leaseId'])
  }
  const states = async (): Promise<ReadonlyMap<unknown, unknown>> => {
    const { leases } = good(await world.call('web3.resources.leases'))
    return new Map((leases as Json[]).map(({ leaseId, status }) => [leaseId, status]))
  }
  const statements = async (): Promise<readonly Json[]> =>
    good(await world.call('web3.billing.statements', { sessionKey: here }))['statements'] as Json[]
  const again = () => testWorld({ home, store, config })
  return { world, lease, states, statements, again }
}

describe.each(['sqlite', 'file'] as const)('on the %s store', (store) => {
  it('ends what was opened for it, and nothing else', async () => {
    const { world, lease, states, statements } = await conversations(store)
    const { web3 } = world.running
    const [own, another, shared] = [await lease(here), await lease('agent:main:there'), await lease()]
    good(await world.call('web3.search.query', { q: 'tides', leaseId: own }))
    expect(await endSession(web3, { sessionKey: here, reason: 'new' })).toBe(true)
    await closeSessions(web3, going)
    expect(await states()).toEqual(
      new Map([
        [own, 'lease_completed'],
        [another, 'lease_active'],
        [shared, 'lease_active'],
      ]),
    )
    expect(await statements()).toMatchObject([
      {
        status: 'statement_closed',
        reason: 'new',
        lines: [{ leaseId: own, opened: true, calls: 1, unpriced: 0, cost: price, currency: 'USDC' }],
      },
    ])
    expect(good(await world.call('web3.billing.summary'))['currencies']).toMatchObject([{ spent: price }])
  })

  it.each(['compaction', 'shutdown', 'restart'])('goes on over a %s', async (reason) => {
    const { world, lease, states, statements } = await conversations(store)
    const own = await lease(here)
    expect(await endSession(world.running.web3, { sessionKey: here, reason })).toBe(false)
    await closeSessions(world.running.web3, going)
    expect([(await states()).get(own), await statements()]).toEqual(['lease_active', []])
  })

  it('says nothing of a conversation that used nothing', async () => {
    const { world, statements } = await conversations(store)
    expect(await endSession(world.running.web3, { sessionKey: here, reason: 'idle' })).toBe(false)
    expect(await statements()).toEqual([])
  })

  it('what was written down before a crash is carried out after it', async () => {
    const { world, lease, again } = await conversations(store)
    const own = await lease(here)
    await endSession(world.running.web3, { sessionKey: here, reason: 'deleted' })
    await world.stop()
    const { call, running, market } = await again()
    const { items } = await market.store.read({ as: 'market' }, (tx) =>
      tx.list(SessionStatements, { where: { sessionKey: here }, limit: 10 }),
    )
    expect(items).toHaveLength(1)
    await closeSessions(running.web3, going)
    const { statements } = good(await call('web3.billing.statements'))
    expect(statements).toMatchObject([{ status: 'statement_closed', lines: [{ leaseId: own, cost: '0' }] }])
  })

  it('counts a conversation under the same key from its own beginning', async () => {
    const { world, lease, statements } = await conversations(store)
    const { web3 } = world.running
    for (const reason of ['reset', 'idle']) {
      const own = await lease(here)
      world.clock.ahead += 1_000
      expect(await endSession(web3, { sessionKey: here, reason })).toBe(true)
      await closeSessions(web3, going)
      world.clock.ahead += 1_000
      const [newest] = await statements()
      expect(newest).toMatchObject({ reason, lines: [{ leaseId: own }] })
    }
  })
})

it('shows a stranger the conversation that it is in, and no other', async () => {
  const { world, lease } = await conversations('sqlite')
  await lease(here)
  await endSession(world.running.web3, { sessionKey: here, reason: 'reset' })
  const ask = (params: object, sessionKey?: string) =>
    callAsNode('web3.billing.statements', params, {
      door: 'tool',
      owner: false,
      ...(sessionKey === undefined ? {} : { run: { sessionKey } }),
    })
  expect(good(await ask({}, here))['statements']).toHaveLength(1)
  expect(good(await ask({}, 'agent:main:there'))['statements']).toEqual([])
  expect(bad(await ask({ sessionKey: here }, 'agent:main:there'))).toMatchObject({ error: 'E_FORBIDDEN' })
  expect(bad(await ask({}))).toMatchObject({ error: 'E_FORBIDDEN' })
})
