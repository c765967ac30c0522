/** The end of a lease on another market that cannot be reached: it waits, across kills, and happens once. */
import { describe, expect, it } from 'vitest'
import { childWorld, type ChildWorld } from '../plugin/child-world.fixture.ts'
import { freePort } from '../plugin/free-port.fixture.ts'
import { backendsOf } from '../plugin/running-world.fixture.ts'
import type { Death } from '../plugin/market-child.fixture.ts'
import { bad, good, offerOf, temporaryHome, type Json } from '../plugin/world.fixture.ts'
import { isMoot, newWish, triedInVain } from './end-wish.ts'

type Store = 'sqlite' | 'file'
const minute = 60_000

interface Pair {
  here: ChildWorld
  there: ChildWorld
  readonly leaseId: string
  restartHere(): Promise<void>
  restartThere(): Promise<void>
}

/** A gateway in a process of its own that holds a lease, used once, on another market. */
async function holding(store: Store, dies?: Death): Promise<Pair> {
  const [home, abroad] = [await temporaryHome(), await temporaryHome()]
  const port = await freePort()
  const there = () =>
    childWorld({
      home: abroad,
      store,
      config: { provider: { listen: { port }, backends: backendsOf(abroad) } },
    })
  const ours = { home, store, config: { markets: [{ name: 'other', url: `http://127.0.0.1:${port}` }] } }
  const first = await there()
  const here = await childWorld(dies === undefined ? ours : { ...ours, dies })
  await first.fund(here.address, 100_000n)
  const { resourceId } = good(await first.call('web3.resources.publish', offerOf('search')))
  const wish = { resourceId, ttlMs: 3_600_000, maxCost: '50000' }
  const { leaseId } = good(await here.call('web3.resources.lease', wish))
  good(await here.call('web3.search.query', { q: 'tides' }))
  const pair: Pair = {
    here,
    there: first,
    leaseId: String(leaseId),
    async restartHere() {
      pair.here = await childWorld(ours)
    },
    async restartThere() {
      pair.there = await there()
    },
  }
  return pair
}

const complete = ({ here, leaseId }: Pair) => here.call('web3.resources.completeLease', { leaseId })
const waiting = async ({ here }: Pair): Promise<unknown> =>
  good(await here.call('web3.status.summary'))['waiting']
const state = async ({ here }: Pair) => (await here.vault()).map((entry) => entry.state)

/** One query of 1000 was paid for, once, and the rest of the 50000 has come back. */
async function settledOnce({ here, there }: Pair): Promise<void> {
  const { leases } = good(await here.call('web3.resources.leases', { market: 'other' }))
  expect(leases).toMatchObject([
    { status: 'lease_completed', settlementStatus: 'settlement_released', metered: '1000' },
  ])
  const [theirs] = good(await there.call('web3.billing.summary'))['currencies'] as Json[]
  expect(theirs).toMatchObject({ earned: '1000' })
}

describe.each<Store>(['sqlite', 'file'])('on the %s store', (store) => {
  it('waits while its market is away, survives SIGKILL, and is done when it is back', async () => {
    const pair = await holding(store)
    expect(await waiting(pair)).toEqual({ ends: 0 })
    await pair.there.kill()
    const told = good(await complete(pair))
    expect(told).toMatchObject({ market: 'other', waiting: { tries: 1, lastError: 'E_UNAVAILABLE' } })
    expect(told['lease']).toBeUndefined()
    const { since } = told['waiting'] as Json
    expect(await waiting(pair)).toEqual({ ends: 1, since })
    // It is not used any more: what it would cost now was not in what the owner has accepted.
    expect(bad(await pair.here.call('web3.search.query', { q: 'tides' }))).toMatchObject({
      error: 'E_NOT_FOUND',
    })
    await pair.here.kill()
    await pair.restartHere()
    expect(await waiting(pair)).toEqual({ ends: 1, since })
    await pair.here.advance(minute)
    await pair.here.tend()
    expect(await state(pair)).toEqual(['active'])
    await pair.restartThere()
    await pair.here.tend()
    expect(await state(pair), 'before its time').toEqual(['active'])
    await pair.here.advance(3 * minute)
    await pair.here.tend()
    expect([await state(pair), await waiting(pair)]).toEqual([['closed'], { ends: 0 }])
    await settledOnce(pair)
  })

  it.each(['before', 'after'] as const)('killed %s its market heard of it: it ends once', async (when) => {
    const pair = await holding(store, `${when} remote end`)
    await expect(complete(pair)).rejects.toThrow('gone')
    expect(await pair.here.death()).toBe(`${when} remote end`)
    await pair.restartHere()
    await pair.here.advance(minute)
    await pair.here.tend()
    expect(await state(pair)).toEqual(['closed'])
    await settledOnce(pair)
  })
})

describe('what waits', () => {
  it('is the last wish; and what its market refuses waits no more', async () => {
    const pair = await holding('sqlite')
    const { here, leaseId } = pair
    await pair.there.kill()
    good(await complete(pair))
    expect(good(await here.call('web3.resources.revokeLease', { leaseId, reason: 'slow' }))).toMatchObject({
      waiting: { tries: 2 },
    })
    await pair.restartThere()
    expect(good(await here.call('web3.resources.revokeLease', { leaseId, reason: 'slow' }))).toMatchObject({
      lease: { status: 'lease_revoked' },
    })
    expect(bad(await complete(pair))).toMatchObject({ error: 'E_CONFLICT' })
    expect(await waiting(pair)).toEqual({ ends: 0 })
  })

  it('waits on when the config does not name its market any more', async () => {
    const pair = await holding('sqlite')
    await pair.there.kill()
    good(await complete(pair))
    await pair.here.kill()
    const forgetful = await childWorld({ home: pair.here.home, store: 'sqlite' })
    await forgetful.advance(minute)
    await forgetful.tend()
    expect(good(await forgetful.call('web3.status.summary'))['waiting']).toMatchObject({ ends: 1 })
    expect((await forgetful.log()).filter((line) => /ending a lease/.test(line))).toEqual([])
    await forgetful.stop()
    await pair.restartThere()
    await pair.restartHere()
    await pair.here.advance(10 * minute)
    await pair.here.tend()
    expect(await state(pair)).toEqual(['closed'])
  })

  it('is tried ever more seldom, up to once an hour, and no more when the lease has long ended by itself', () => {
    let wish = newWish({ verb: 'complete' }, 0)
    const pauses = [wish.nextAt]
    for (let i = 0; i < 12; i++) {
      const before = wish.nextAt
      wish = triedInVain(wish, 'E_TIMEOUT', before)
      pauses.push(wish.nextAt - before)
    }
    expect(pauses.slice(0, 5)).toEqual([30_000, 30_000, 60_000, 120_000, 240_000])
    expect(pauses.at(-1)).toBe(3_600_000)
    expect(wish).toMatchObject({ tries: 12, wishedAt: 0, lastError: 'E_TIMEOUT' })
    expect([isMoot(undefined, 10 ** 12), isMoot(1, 86_400_001), isMoot(1, 86_400_002)]).toEqual([
      false,
      false,
      true,
    ])
  })
})
