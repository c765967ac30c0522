import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UsageRecords } from '@openclaw-market/protocol/entities/lease'
import { checkInvariants } from '../invariants.fixture.ts'
import {
  backends,
  does,
  fund,
  fundedWallet,
  later,
  leaseNow,
  openCall,
  openWorld,
  publish,
  refuses,
  reopened,
  settlementNow,
  signedWish,
  startsAt,
  storagePrices,
  storageResource,
  takeLease,
  windowMs,
  type World,
} from '../market.fixture.ts'
import { completeLease } from './complete.ts'
import { accrualIntervalMs } from './due.ts'
import { issueLease } from './issue.ts'
import { revokeLease } from './revoke.ts'

const gb = 1_000_000_000n
const day = 86_400_000

async function stored(world: World, maxCost = 1_000_000n, ttlMs = 7 * day) {
  const consumer = await fundedWallet(world, maxCost)
  const lease = await takeLease(world, consumer, {
    resourceId: await publish(world, storageResource),
    maxCost,
    ttlMs,
  })
  const keep = async (storedBytes: bigint) => {
    const call = await openCall(world, lease.leaseId, { put: 1n })
    return call.finish({ usage: { put: 1n }, outcome: 'done', storedBytes })
  }
  return { ...lease, consumer, keep }
}

function recordsOf({ market }: World) {
  return market.store.read(
    { as: 'market' },
    async (tx) => (await tx.list(UsageRecords, { order: 'oldest', limit: 1_000 })).items,
  )
}

describe.each(backends)('storage over time on %s', (backend) => {
  it('gives a consumer one lease of a storage at a time, so that no byte accrues twice', async () => {
    const world = await openWorld(backend)
    const first = await stored(world)
    const { resourceId } = await leaseNow(world, first)
    const again = await signedWish(world, first.consumer, { resourceId, maxCost: 1n })
    expect(await refuses(world, issueLease, again, first.consumer.who)).toMatchObject({
      error: 'E_CONFLICT',
      details: { leaseId: first.leaseId },
    })
    await checkInvariants(world.market.store)
  })

  it('sees the lease that runs also where the clock was set back and the market started again', async () => {
    const before = await openWorld(backend)
    const first = await stored(before)
    const { resourceId } = await leaseNow(before, first)
    await does(before, completeLease, { leaseId: first.leaseId }, first.consumer.who)
    before.clock.now -= 10_000
    const world = await reopened(before)
    const wish = { resourceId, maxCost: 1n }
    await fund(world, first.consumer.actorId, 10n)
    const second = await takeLease(world, first.consumer, wish)
    expect(second.leaseId > first.leaseId).toBe(true)
    const third = await signedWish(world, first.consumer, wish)
    expect(await refuses(world, issueLease, third, first.consumer.who)).toMatchObject({
      error: 'E_CONFLICT',
      details: { leaseId: second.leaseId },
    })
  })

  it('goes on counting where the lease before left off, so that leasing anew is no way to pay nothing', async () => {
    const world = await openWorld(backend)
    const resourceId = await publish(world, { ...storageResource, policy: { keepFilesDays: 2 } })
    const consumer = await fundedWallet(world, 3_000_000n)
    const lease = () => takeLease(world, consumer, { resourceId, maxCost: 1_000_000n, ttlMs: day / 4 })
    const first = await lease()
    const call = await openCall(world, first.leaseId, { put: 1n })
    await call.finish({ usage: { put: 1n }, outcome: 'done', storedBytes: 2n * gb })
    await later(world, day / 4)
    expect((await leaseNow(world, first)).totals).toEqual({ put: 1n })
    const second = await lease()
    await later(world, day / 4)
    expect((await leaseNow(world, second)).totals).toEqual({ gb_day: 1n })
    await checkInvariants(world.market.store)
  })

  it('knows what is stored also where time had no price, so that it accrues once it has one', async () => {
    const world = await openWorld(backend)
    const free = { ...storageResource, prices: storagePrices.filter(({ unit }) => unit !== 'gb_day') }
    const resourceId = await publish(world, { ...free, policy: { keepFilesDays: 2 } })
    const consumer = await fundedWallet(world, 2_000_000n)
    const first = await takeLease(world, consumer, { resourceId, maxCost: 1_000_000n, ttlMs: day })
    const call = await openCall(world, first.leaseId, { put: 1n })
    await call.finish({ usage: { put: 1n }, outcome: 'done', storedBytes: gb })
    await does(world, completeLease, { leaseId: first.leaseId }, consumer.who)
    await publish(world, { ...storageResource, resourceId })
    const second = await takeLease(world, consumer, { resourceId, maxCost: 1_000_000n, ttlMs: 2 * day })
    await later(world, day)
    expect(await leaseNow(world, second)).toMatchObject({ storedBytes: gb, totals: { gb_day: 1n } })
    await checkInvariants(world.market.store)
  })

  it('accrues what an earlier lease left from the first day, while it is kept', async () => {
    const world = await openWorld(backend)
    const keeping = { ...storageResource, policy: { keepFilesDays: 2 } }
    const resourceId = await publish(world, keeping)
    const consumer = await fundedWallet(world, 3_000_000n)
    const lease = (ttlMs: number) => takeLease(world, consumer, { resourceId, maxCost: 1_000_000n, ttlMs })
    const first = await lease(7 * day)
    const call = await openCall(world, first.leaseId, { put: 1n })
    await call.finish({ usage: { put: 1n }, outcome: 'done', storedBytes: 2n * gb })
    await does(world, completeLease, { leaseId: first.leaseId }, consumer.who)
    await later(world, day)
    const second = await lease(day)
    expect(await leaseNow(world, second)).toMatchObject({ storedBytes: 2n * gb })
    await later(world, day)
    expect(await leaseNow(world, second)).toMatchObject({ totals: { gb_day: 2n }, status: 'lease_expired' })
    await later(world, 3 * day)
    expect(await leaseNow(world, await lease(day))).toMatchObject({ storedBytes: 0n })
    await checkInvariants(world.market.store)
  })

  it('accrues by the byte and the millisecond, and bills each whole gb_day once', async () => {
    const world = await openWorld(backend)
    const { keep, ...lease } = await stored(world)
    await keep(3n * gb)
    await later(world, day / 3 - 1)
    expect((await leaseNow(world, lease)).totals).toEqual({ put: 1n })
    await later(world, 1)
    // Not due: the sweep looked less than an interval ago.
    expect((await leaseNow(world, lease)).totals).toEqual({ put: 1n })
    await later(world, accrualIntervalMs - 1)
    expect((await leaseNow(world, lease)).totals).toEqual({ put: 1n, gb_day: 1n })
    await later(world, 0)
    await keep(0n)
    await later(world, day)
    expect(await leaseNow(world, lease)).toMatchObject({ totals: { put: 2n, gb_day: 1n }, metered: 1_010n })
    const records = await recordsOf(world)
    expect(records.map(({ seq, callId, usage }) => [seq, callId === undefined, usage])).toEqual([
      [1, false, [{ unit: 'put', quantity: 1n }]],
      [2, true, [{ unit: 'gb_day', quantity: 1n }]],
      [3, false, [{ unit: 'put', quantity: 1n }]],
    ])
    await checkInvariants(world.market.store)
    expect(world.defects).toEqual([])
  })

  it('is billed to the last moment whoever ends it, and not a moment beyond', async () => {
    const world = await openWorld(backend)
    for (const how of ['complete', 'revoke', 'expire'] as const) {
      const { keep, consumer, ...lease } = await stored(world, 1_000_000n, 1_800_000)
      await keep(96n * gb)
      // Half an hour of 96 GB is two gb_days, and no sweep has looked yet.
      world.clock.now += how === 'expire' ? 1_800_000 + day : 1_800_000 - 1
      if (how === 'complete') await does(world, completeLease, { leaseId: lease.leaseId }, consumer.who)
      if (how === 'revoke') await does(world, revokeLease, { leaseId: lease.leaseId }, consumer.who)
      if (how === 'expire') await later(world, 0)
      expect((await leaseNow(world, lease)).totals.gb_day, how).toBe(how === 'expire' ? 2n : 1n)
      await later(world, day + windowMs)
      expect((await settlementNow(world, lease)).releasedSoFar, how).toBe(how === 'expire' ? 2_005n : 1_005n)
      await checkInvariants(world.market.store)
    }
    expect(world.defects).toEqual([])
  })

  it('that outruns its budget is billed to the last whole gb_day it covers, then ends', async () => {
    const world = await openWorld(backend)
    const { keep, ...lease } = await stored(world, 3_900n)
    await keep(5n * gb)
    await later(world, day / 5 + accrualIntervalMs)
    expect(await leaseNow(world, lease)).toMatchObject({ status: 'lease_active', totals: { gb_day: 1n } })
    await later(world, day)
    expect(await leaseNow(world, lease)).toMatchObject({
      status: 'lease_expired',
      endNote: 'budget spent by storage',
      totals: { gb_day: 3n },
      metered: 3_005n,
    })
    await later(world, windowMs)
    expect(await settlementNow(world, lease)).toMatchObject({
      status: 'settlement_released',
      releasedSoFar: 3_005n,
      refundedSoFar: 895n,
    })
    await checkInvariants(world.market.store)
  })

  it('waits for what a call in progress may give back before it ends the lease', async () => {
    const world = await openWorld(backend)
    const { keep, ...lease } = await stored(world, 2_500n)
    await keep(1n * gb)
    const call = await openCall(world, lease.leaseId, { put: 400n }) // 2000 of 2495
    await later(world, day + accrualIntervalMs)
    expect(await leaseNow(world, lease)).toMatchObject({ status: 'lease_active', totals: { put: 1n } })
    await call.finish({ usage: { put: 1n }, outcome: 'done' })
    await later(world, accrualIntervalMs)
    expect(await leaseNow(world, lease)).toMatchObject({
      status: 'lease_active',
      totals: { put: 2n, gb_day: 1n },
    })
    await checkInvariants(world.market.store)
  })

  it('comes to the same however often the sweep looks', async () => {
    const world = await openWorld(backend)
    const steps = fc.array(
      fc.record({
        bytes: fc.bigInt(0n, 20n * gb),
        ms: fc.integer({ min: 1, max: day }),
        sweep: fc.boolean(),
      }),
      { minLength: 1, maxLength: 5 },
    )
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const { keep, consumer, ...lease } = await stored(world)
        const begun = world.clock.now
        let byteMs = 0n
        for (const { bytes, ms, sweep } of history) {
          await keep(bytes)
          world.clock.now += ms
          byteMs += bytes * BigInt(ms)
          if (sweep) await world.market.sweep(100)
        }
        expect(world.clock.now - begun).toBeLessThan(7 * day)
        await does(world, completeLease, { leaseId: lease.leaseId }, consumer.who)
        const { totals } = await leaseNow(world, lease)
        expect(totals.gb_day ?? 0n).toBe(byteMs / (gb * BigInt(day)))
      }),
      { numRuns: 8 },
    )
    await checkInvariants(world.market.store)
    expect(world.clock.now).toBeGreaterThan(startsAt)
    expect(world.defects).toEqual([])
  })
})
