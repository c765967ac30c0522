import { describe, expect, it } from 'vitest'
import { Calls } from '@openclaw-market/protocol/entities/lease'
import type { LeaseId } from '@openclaw-market/protocol/ids'
import { checkInvariants } from '../invariants.fixture.ts'
import { completeLease } from '../leases/complete.ts'
import {
  backends,
  does,
  fundedWallet,
  later,
  leaseNow,
  openCall,
  openWorld,
  publish,
  refuses,
  settlementNow,
  takeLease,
  windowMs,
  type World,
} from '../market.fixture.ts'
import { appendUsage } from '../usage/append.ts'

async function leased(world: World, maxCost = 1_000n, policy: object = {}) {
  const consumer = await fundedWallet(world, 100_000n)
  const lease = await takeLease(world, consumer, { resourceId: await publish(world, { policy }), maxCost })
  return { ...lease, consumer }
}

const usage = (quantities: Record<string, number>) =>
  Object.entries(quantities).map(([unit, quantity]) => ({ unit, quantity: String(quantity) }))

describe.each(backends)('a call of unknown outcome on %s', (backend) => {
  const correction = (leaseId: LeaseId, requestId: string, output: number) => ({
    entry: { leaseId, requestId, usage: usage({ output_token: output }), outcome: 'done' },
  })

  it('is given up at the checkpoint that is on record, not at the one that a sweep has read before', async () => {
    const world = await openWorld(backend)
    const { leaseId } = await leased(world)
    const call = await openCall(world, leaseId, { output_token: 30n })
    await call.checkpoint({ output_token: 9n })
    const entry = {
      leaseId,
      requestId: call.requestId,
      usage: usage({ output_token: 3 }),
      outcome: 'unknown',
    }
    const market = { kind: 'market', actorId: world.market.address } as const
    expect(await does(world, appendUsage, { entry }, market)).toMatchObject({ cost: 33n })
    expect(await leaseNow(world, { leaseId })).toMatchObject({ metered: 33n, reserved: 77n, unknownCalls: 1 })
    await checkInvariants(world.market.store)
  })

  it('bills what is known, keeps the rest frozen, and is corrected once within the reserve', async () => {
    const world = await openWorld(backend)
    const { leaseId } = await leased(world)
    const call = await openCall(world, leaseId, { output_token: 30n }) // 110
    expect(await call.finish({ usage: { output_token: 3n }, outcome: 'unknown' })).toEqual({
      cost: 11n,
      seq: 1,
    })
    expect(await leaseNow(world, { leaseId })).toMatchObject({
      metered: 11n,
      reserved: 99n,
      openCalls: 0,
      unknownCalls: 1,
    })
    await checkInvariants(world.market.store)
    const { requestId } = call
    expect(await refuses(world, appendUsage, correction(leaseId, requestId, 31), world.node)).toMatchObject({
      error: 'E_QUOTA_EXCEEDED',
    })
    expect(await refuses(world, appendUsage, correction(leaseId, requestId, 2), world.node)).toMatchObject({
      error: 'E_CONFLICT',
    })
    expect(await does(world, appendUsage, correction(leaseId, requestId, 30), world.node)).toMatchObject({
      cost: 99n,
      seq: 2,
    })
    expect(
      await refuses(world, appendUsage, correction(leaseId, requestId, 30 + 1), world.node),
    ).toMatchObject({ error: 'E_CONFLICT' })
    expect(await leaseNow(world, { leaseId })).toMatchObject({ metered: 110n, reserved: 0n, unknownCalls: 0 })
    await checkInvariants(world.market.store)
  })

  it('that nobody corrects lapses when its window is over, and cannot be corrected then', async () => {
    const world = await openWorld(backend)
    const { leaseId } = await leased(world)
    const call = await openCall(world, leaseId, { output_token: 30n })
    await call.finish({ usage: { output_token: 3n }, outcome: 'unknown' })
    await later(world, windowMs - 1)
    expect(await leaseNow(world, { leaseId })).toMatchObject({ unknownCalls: 1 })
    world.clock.now += 1
    expect(
      await refuses(world, appendUsage, correction(leaseId, call.requestId, 30), world.node),
    ).toMatchObject({ error: 'E_EXPIRED' })
    expect(await later(world, 0)).toMatchObject({ processed: 1, errors: 0 })
    expect(await leaseNow(world, { leaseId })).toMatchObject({
      metered: 11n,
      reserved: 0n,
      unknownCalls: 0,
      status: 'lease_active',
    })
    const kept = await world.market.store.read({ as: 'market' }, (tx) => tx.get(Calls, call.callId))
    expect(kept).toMatchObject({ status: 'call_failed', billed: 11n })
    expect(
      await refuses(world, appendUsage, correction(leaseId, call.requestId, 30), world.node),
    ).toMatchObject({ error: 'E_CONFLICT' })
    await checkInvariants(world.market.store)
  })

  it('that was billed its whole reserve lets the lease settle, and still closes', async () => {
    const world = await openWorld(backend)
    const { consumer, ...lease } = await leased(world)
    const call = await openCall(world, lease.leaseId, { output_token: 3n })
    await call.finish({ usage: { output_token: 3n }, outcome: 'unknown' })
    await does(world, completeLease, { leaseId: lease.leaseId }, consumer.who)
    expect(await settlementNow(world, lease)).toMatchObject({
      status: 'settlement_released',
      releasedSoFar: 11n,
    })
    expect(await later(world, windowMs)).toEqual({ processed: 1, expired: 0, skipped: 0, errors: 0 })
    expect(await leaseNow(world, lease)).toMatchObject({ unknownCalls: 0 })
    await checkInvariants(world.market.store)
  })

  it('holds its reserve back when the lease is completed, and gives it back corrected or lapsed', async () => {
    const world = await openWorld(backend)
    for (const corrected of [true, false]) {
      const { consumer, ...lease } = await leased(world)
      const call = await openCall(world, lease.leaseId, { output_token: 30n })
      await call.finish({ usage: { output_token: 3n }, outcome: 'unknown' })
      await does(world, completeLease, { leaseId: lease.leaseId }, consumer.who)
      expect(await settlementNow(world, lease)).toMatchObject({
        status: 'settlement_locked',
        releasedSoFar: 11n,
        refundedSoFar: 890n,
      })
      await checkInvariants(world.market.store)
      if (corrected) await does(world, appendUsage, correction(lease.leaseId, call.requestId, 6), world.node)
      else await later(world, windowMs)
      const released = corrected ? 22n : 11n
      expect(await settlementNow(world, lease)).toMatchObject({
        status: 'settlement_released',
        releasedSoFar: released,
        refundedSoFar: 1_000n - released,
      })
      await checkInvariants(world.market.store)
    }
  })
})
