/** The end of a conversation over a real market: what was opened for it ends, once, whatever happens in between. */
import { describe, expect, it } from 'vitest'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { LeaseId } from '@openclaw-market/protocol/ids'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { SessionStatements } from '@openclaw-market/protocol/entities/session-statement'
import { childWorld } from '../plugin/child-world.fixture.ts'
import { outsideWallet, publishAs } from '../plugin/outside-wallet.fixture.ts'
import { backendsOf } from '../plugin/running-world.fixture.ts'
import { bad, good, offerOf, temporaryHome, testWorld, type Json } from '../plugin/world.fixture.ts'
import { callAsNode } from '../surface/gateway-methods.ts'
import { closeSessions, endSession } from './session-end.ts'

const here = 'agent:main:here'
const price = '1000'
const hour = 3_600_000
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
    const params = { resourceId, ttlMs: hour, maxCost: '100000', ...session }
    return String(good(await world.call('web3.resources.lease', params))['leaseId'])
  }
  const states = async (): Promise<ReadonlyMap<unknown, unknown>> => {
    const { leases } = good(await world.call('web3.resources.leases'))
    return new Map((leases as Json[]).map(({ leaseId, status }) => [leaseId, status]))
  }
  const statements = async (): Promise<readonly Json[]> =>
    good(await world.call('web3.billing.statements', { sessionKey: here }))['statements'] as Json[]
  const again = () => testWorld({ home, store, config })
  return { world, account, resourceId, lease, states, statements, again }
}

/** The same, and the provider lends to this gateway: a lease that serves every conversation draws on it. */
async function onCredit(store: 'sqlite' | 'file') {
  const before = await conversations(store)
  const { world, account, resourceId } = before
  const line = { to: world.market.address, currency: 'USDC', ceiling: '100000', maxRequestsPerMinute: 600 }
  const { creditLineId } = good(
    (await outsideWallet(world, account).api('web3.billing.credit.open', line)).body,
  )
  const params = { resourceId, ttlMs: hour, maxCost: '100000', mode: 'postpaid' }
  const leaseId = String(good(await world.call('web3.resources.lease', params))['leaseId'])
  /** In the conversation that goes on here. */
  const search = async (): Promise<void> => {
    const from = { door: 'tool', owner: true, run: { sessionKey: here } } as const
    good(await callAsNode('web3.search.query', { q: 'tides', leaseId }, from))
  }
  const ends = async ({ running: { web3 } } = world): Promise<void> => {
    world.clock.ahead += 1_000
    expect(await endSession(web3, { sessionKey: here, reason: 'idle' })).toBe(true)
    await closeSessions(web3, going)
    world.clock.ahead += 1_000
  }
  const purse = async ({ call } = world): Promise<Json> => {
    const [usdc] = good(await call('web3.billing.summary'))['currencies'] as Json[]
    const { available, owing } = usdc ?? {}
    return { available, owing }
  }
  return { ...before, creditLineId, leaseId, search, ends, purse }
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

  it('ends once, however many tell so at the same time', async () => {
    const { world, lease, statements } = await conversations(store)
    await lease(here)
    const tell = (reason: string) => endSession(world.running.web3, { sessionKey: here, reason })
    expect(await Promise.all([tell('new'), tell('deleted')])).toEqual([true, false])
    expect(await statements()).toMatchObject([{ reason: 'new' }])
  })

  it('says nothing of a conversation that used nothing', async () => {
    const { world, statements } = await conversations(store)
    expect(await endSession(world.running.web3, { sessionKey: here, reason: 'idle' })).toBe(false)
    expect(await statements()).toEqual([])
  })

  it('counts a conversation under the same key from its own beginning', async () => {
    const { world, lease, statements } = await conversations(store)
    const { web3 } = world.running
    for (const reason of ['reset', 'idle', 'new']) {
      const own = await lease(here)
      world.clock.ahead += 1_000
      expect(await endSession(web3, { sessionKey: here, reason })).toBe(true)
      await closeSessions(web3, going)
      world.clock.ahead += 1_000
      const [newest] = await statements()
      expect(newest).toMatchObject({ reason, lines: [{ leaseId: own }] })
    }
  })

  it('waits for a lease that is still being asked for, unless that is for the next conversation', async () => {
    const { world, lease, statements } = await conversations(store)
    const { web3 } = world.running
    const resourceId = world.market.ids.next('res')
    const ask = (idempotencyKey: string) =>
      web3
        .vault()
        .addPending({ market: 'gone', resourceId, kind: 'search', idempotencyKey, sessionKey: here })
    const own = await lease(here)
    const { tokenHash } = await ask('before-it-ends')
    await endSession(web3, { sessionKey: here, reason: 'idle' })
    world.clock.ahead += 1_000
    await ask('after-it-has-ended')
    await closeSessions(web3, going)
    expect(await statements()).toMatchObject([{ status: 'statement_closing' }])
    await web3.vault().discard(tokenHash)
    await closeSessions(web3, going)
    expect(await statements()).toMatchObject([{ status: 'statement_closed', lines: [{ leaseId: own }] }])
  })

  it('goes by its own books when a market is silent for an hour after the lease was over', async () => {
    const { world, statements } = await conversations(store)
    const { web3 } = world.running
    const resourceId = world.market.ids.next('res')
    const asked = {
      market: 'gone',
      resourceId,
      kind: 'search',
      idempotencyKey: 'asked-there',
      sessionKey: here,
    } as const
    const { tokenHash } = await web3.vault().addPending(asked)
    const leaseId = world.market.ids.next('lease')
    await web3.vault().activate(tokenHash, { leaseId, expiresAt: web3.now() + hour })
    await endSession(web3, { sessionKey: here, reason: 'idle' })
    world.clock.ahead += 2 * hour - 60_000
    await closeSessions(web3, going)
    expect(await statements()).toMatchObject([{ status: 'statement_closing' }])
    world.clock.ahead += 120_000
    await closeSessions(web3, going)
    expect(await statements()).toMatchObject([
      { status: 'statement_closed', lines: [{ leaseId, opened: true, calls: 0, cost: '0' }] },
    ])
  })

  it('pays what it has used of a post-paid lease, which goes on', async () => {
    const { search, ends, purse, states, statements, leaseId } = await onCredit(store)
    await search()
    expect(await purse()).toEqual({ available: '1000000', owing: price })
    await ends()
    expect(await purse()).toEqual({ available: '999000', owing: '0' })
    expect([(await states()).get(leaseId), await statements()]).toMatchObject([
      'lease_active',
      [{ status: 'statement_closed', lines: [{ leaseId, opened: false, calls: 1, cost: price }] }],
    ])
    await search()
    await search()
    await ends()
    expect(await purse()).toEqual({ available: '997000', owing: '0' })
  })

  it.each(['before', 'after'])('pays it once, over a crash %s it has paid', async (when) => {
    const { world, search, leaseId, creditLineId, purse, again } = await onCredit(store)
    await search()
    expect(await endSession(world.running.web3, { sessionKey: here, reason: 'idle' })).toBe(true)
    if (when === 'after') good(await world.call('web3.billing.credit.settle', { creditLineId, leaseId }))
    await world.stop()
    const after = await again()
    await closeSessions(after.running.web3, going)
    expect(await purse(after)).toEqual({ available: '999000', owing: '0' })
    const { statements } = good(await after.call('web3.billing.statements'))
    expect(statements).toMatchObject([{ status: 'statement_closed', lines: [{ leaseId, cost: price }] }])
  })

  it('closes also when the money does not reach', async () => {
    const { world, search, ends, purse, statements } = await onCredit(store)
    await search()
    good(await world.call('web3.billing.withdraw', { currency: 'USDC', amount: '999001' }))
    await ends()
    expect(await purse()).toEqual({ available: '999', owing: price })
    expect(await statements()).toMatchObject([{ status: 'statement_closed' }])
  })
})

/** A lease that was opened for the conversation, used once, on a market that is away now. */
async function away() {
  const home = await temporaryHome()
  const there = await childWorld({ home, config: { provider: { backends: backendsOf(home) } } })
  const markets = [{ name: 'other', url: there.url, address: there.address }]
  const account = privateKeyToAccount(generatePrivateKey())
  const { docs } = backendsOf(home)
  const backends = { docs: { ...docs, publishers: [account.address] } }
  const world = await testWorld({ config: { markets, provider: { backends } } })
  await there.fund(world.market.address, 1_000_000n)
  const { resourceId } = good(await there.call('web3.resources.publish', offerOf('search')))
  const wish = { resourceId, ttlMs: hour, maxCost: '50000', sessionKey: here }
  const leaseId = codec(LeaseId).decode(good(await world.call('web3.resources.lease', wish))['leaseId'])
  good(await world.call('web3.search.query', { q: 'tides', leaseId }))
  await there.kill()
  return { world, account, leaseId }
}

describe('with a lease on a market that is away', () => {
  it('does not accept a usage that the owner has refused', async () => {
    const { world, leaseId } = await away()
    const { web3 } = world.running
    const reason = 'the usage is wrong'
    expect(good(await world.call('web3.resources.revokeLease', { leaseId, reason }))).toHaveProperty(
      'waiting',
    )
    const wished = web3.vault().byLease(leaseId)?.ending
    expect(wished).toMatchObject({ verb: 'revoke', reason })
    expect(await endSession(web3, { sessionKey: here, reason: 'new' })).toBe(true)
    await closeSessions(web3, going)
    expect(web3.vault().byLease(leaseId)?.ending).toEqual(wished)
  })

  it('closes the conversations after it', async () => {
    const { world, account } = await away()
    const { web3 } = world.running
    expect(await endSession(web3, { sessionKey: here, reason: 'new' })).toBe(true)
    const [first] = (await closingOf(world)).items
    if (first === undefined) throw new Error('nothing is closing')
    // As many as are read at a time, all of the same lease.
    const { rev: _rev, ...as } = first
    await world.market.store.write(async (tx) => {
      for (let i = 0; i < 60; i++)
        await tx.insert(SessionStatements, { ...as, rev: 0, statementId: world.market.ids.next('stm') })
    })
    await world.fund(world.market.address, 1_000_000n)
    const resourceId = await publishAs(outsideWallet(world, account), offerOf('search').resource)
    const sessionKey = 'agent:main:later'
    const wish = { resourceId, ttlMs: hour, maxCost: '50000', sessionKey }
    good(await world.call('web3.resources.lease', wish))
    world.clock.ahead += 1_000
    expect(await endSession(web3, { sessionKey, reason: 'idle' })).toBe(true)
    await closeSessions(web3, going)
    const { statements } = good(await world.call('web3.billing.statements', { sessionKey }))
    expect(statements).toMatchObject([{ status: 'statement_closed' }])
  })
})

const closingOf = ({ market }: Awaited<ReturnType<typeof testWorld>>) =>
  market.store.read({ as: 'market' }, (tx) =>
    tx.list(SessionStatements, { where: { status: 'statement_closing' }, limit: 10 }),
  )

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
