/** What a budget reads of what was spent: as much as counts, and not all that there ever was. */
import { describe, expect, it } from 'vitest'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import { Spends } from '@openclaw-market/protocol/entities/policy'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import { backends, later } from '../market.fixture.ts'
import { allow, leases, openBudget, refusedLease, runBy, used, type BudgetWorld } from './budget.fixture.ts'
import { dayMs, sessionMs } from './load-budget.ts'
import { spendsSince } from './spends-since.ts'

const sessionKey = 'agent:main:main'

/** As calls on leases leave them, at the time of the world. */
async function spends({ market, clock }: BudgetWorld, count: number): Promise<void> {
  await market.store.write(async (tx) => {
    for (let n = 0; n < count; n += 1) {
      const spendId = market.ids.next('spend')
      await tx.insert(Spends, {
        rev: 0,
        spendId,
        actorId: market.address,
        what: 'call',
        spendKey: sha256Hex(spendId),
        run: { sessionKey },
        session: sessionKey,
        currency: 'USDC',
        amount: 1n,
        cost: 1n,
        status: 'spend_settled',
        createdAt: clock.now,
      })
    }
  })
}

/** How many records it takes to find those that count. */
async function read({ market }: BudgetWorld, session: string | undefined, since: number) {
  return market.store.read({ as: 'market' }, async (tx) => {
    const reading = { records: 0, found: 0 }
    const list: ReadTx['list'] = async (of, query) => {
      const page = await tx.list(of, query)
      reading.records += page.items.length
      return page
    }
    const { address: actorId } = market
    const where = session === undefined ? { actorId } : { actorId, session }
    for await (const _spend of spendsSince({ list }, where, since)) reading.found += 1
    return reading
  })
}

describe.each(backends)('what was spent long ago, on %s', (backend) => {
  it('is not read again for each decision', async () => {
    const world = await openBudget(backend)
    await spends(world, 2_000)
    await later(world, sessionMs)
    await spends(world, 250)
    for (const session of [undefined, sessionKey])
      expect(await read(world, session, world.clock.now - dayMs)).toEqual({ records: 300, found: 250 })
    expect(await read(world, 'another', 0)).toEqual({ records: 0, found: 0 })
  })

  it('counts for a session until it is thirty days old, and for a day until it is one', async () => {
    const world = await openBudget(backend)
    const run = runBy(world, { agentId: 'main', sessionKey })
    for (const per of ['session', 'day'])
      await allow(world, { per, currency: 'USDC', limit: '100', above: 'refuse', whose: { sessionKey } })
    await spends(world, 100)
    expect(await used(world)).toEqual([100n, 100n])
    await later(world, dayMs)
    expect(await used(world)).toEqual([100n, 0n])
    await later(world, sessionMs - dayMs - 1)
    expect(await refusedLease(world, 1n, run)).toMatchObject({ details: { used: '100', limit: '100' } })
    await later(world, 1)
    expect(await used(world)).toEqual([0n, 0n])
    await leases(world, 100n, run)
  })

  it('counts by its own time, however the clock was set meanwhile', async () => {
    const world = await openBudget(backend)
    world.clock.now += 10 * dayMs
    await spends(world, 1)
    world.clock.now -= 10 * dayMs
    await spends(world, 2)
    expect(await read(world, sessionKey, world.clock.now)).toEqual({ records: 3, found: 3 })
    expect(await read(world, sessionKey, world.clock.now + 1)).toEqual({ records: 3, found: 1 })
  })
})
