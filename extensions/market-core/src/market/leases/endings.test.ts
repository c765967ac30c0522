import { describe, expect, it } from 'vitest'
import { effectivePolicy } from '@openclaw-market/protocol/entities/resource'
import type { Principal } from '@openclaw-market/protocol/principal'
import { stateRoot } from '../../store/state-root.ts'
import { accountBalance } from '../accounts/balance.ts'
import { checkInvariants } from '../invariants.fixture.ts'
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
  serve,
  settlementNow,
  takeLease,
  windowMs,
  type TakenLease,
  type Wallet,
  type World,
} from '../market.fixture.ts'
import { appendUsage } from '../usage/append.ts'
import { completeLease } from './complete.ts'
import { revokeLease } from './revoke.ts'

const { maxCallMs } = effectivePolicy({})
const ttlMs = 3_600_000
type Leased = TakenLease & { readonly consumer: Wallet }

async function leased(world: World, maxCost = 1_000n): Promise<Leased> {
  const consumer = await fundedWallet(world, maxCost)
  return {
    ...(await takeLease(world, consumer, { resourceId: await publish(world), maxCost, ttlMs })),
    consumer,
  }
}

/** The three ways in which a lease ends, each by whoever does it. */
const endings = [
  [
    'completed',
    (world: World, { leaseId, consumer }: Leased) => does(world, completeLease, { leaseId }, consumer.who),
  ],
  [
    'revoked',
    (world: World, { leaseId }: Leased) =>
      does(world, revokeLease, { leaseId, reason: 'why not' }, world.node),
  ],
  ['expired', (world: World) => later(world, ttlMs)],
] as const

async function money(world: World, who: Principal) {
  const { available, held, owed } = await does(world, accountBalance, { currency: 'USDC' }, who)
  return { available, held, owed }
}

describe.each(backends)('on %s', (backend) => {
  describe.each(endings)('a lease that is %s', (how, end) => {
    it('unused returns all of its lock at once', async () => {
      const world = await openWorld(backend)
      const lease = await leased(world)
      await end(world, lease)
      expect(await leaseNow(world, lease)).toMatchObject({ status: `lease_${how}`, endReason: how })
      expect(await settlementNow(world, lease)).toMatchObject({
        status: 'settlement_refunded',
        refundedSoFar: 1_000n,
        releasedSoFar: 0n,
      })
      expect(await money(world, lease.consumer.who)).toEqual({ available: 1_000n, held: 0n, owed: 0n })
      await checkInvariants(world.market.store)
    })

    it('pays what was metered, at once or when the window is over, and the rest returns at once', async () => {
      const world = await openWorld(backend)
      const lease = await leased(world)
      await serve(world, lease.leaseId, { output_token: 60n, request: 1n }) // 222
      expect(await money(world, world.node)).toEqual({ available: 0n, held: 0n, owed: 222n })
      await end(world, lease)
      const endedAt = world.clock.now
      expect(await leaseNow(world, lease)).toMatchObject({ status: `lease_${how}`, endedAt })
      expect((await money(world, lease.consumer.who)).available).toBe(778n)
      if (how !== 'completed') {
        expect(await settlementNow(world, lease)).toMatchObject({
          status: 'settlement_locked',
          refundedSoFar: 778n,
          closesAt: endedAt + windowMs,
        })
        expect(await money(world, world.node)).toEqual({ available: 0n, held: 0n, owed: 222n })
        await later(world, windowMs - 1)
        expect((await settlementNow(world, lease)).status).toBe('settlement_locked')
        await checkInvariants(world.market.store)
        expect(await later(world, 1)).toEqual({ processed: 1, expired: 0, skipped: 0, errors: 0 })
      }
      expect(await settlementNow(world, lease)).toMatchObject({
        status: 'settlement_released',
        releasedSoFar: 222n,
      })
      expect(await money(world, world.node)).toEqual({ available: 222n, held: 0n, owed: 0n })
      await checkInvariants(world.market.store)
      // Signs the log up to here; after that there is nothing left to do.
      expect(await later(world, 0)).toMatchObject({ processed: 0 })
      const root = await stateRoot(world.market.store)
      expect(await later(world, 60_000)).toMatchObject({ processed: 0 })
      expect(await stateRoot(world.market.store)).toBe(root)
      expect(world.defects).toEqual([])
    })

    it('fully used returns nothing and pays all', async () => {
      const world = await openWorld(backend)
      const lease = await leased(world, 110n)
      await serve(world, lease.leaseId, { output_token: 30n })
      await end(world, lease)
      await later(world, windowMs)
      expect(await settlementNow(world, lease)).toMatchObject({
        status: 'settlement_released',
        releasedSoFar: 110n,
        refundedSoFar: 0n,
      })
      await checkInvariants(world.market.store)
    })

    it('drains its open calls first, admits no new one, and bills what they deliver', async () => {
      const world = await openWorld(backend)
      const lease = await leased(world)
      const [one, two] = [
        await openCall(world, lease.leaseId, { output_token: 30n }),
        await openCall(world, lease.leaseId, { output_token: 30n }),
      ]
      await end(world, lease)
      expect(await leaseNow(world, lease)).toMatchObject({
        status: 'lease_ending',
        openCalls: 2,
        dueAt: world.clock.now + maxCallMs,
      })
      expect(await settlementNow(world, lease)).toMatchObject({ refundedSoFar: 0n, releasedSoFar: 0n })
      await expect(openCall(world, lease.leaseId, {})).rejects.toMatchObject({
        code: how === 'revoked' ? 'E_REVOKED' : 'E_EXPIRED',
      })
      for (const op of [completeLease, revokeLease]) {
        expect(await refuses(world, op, { leaseId: lease.leaseId }, lease.consumer.who)).toMatchObject({
          error: 'E_CONFLICT',
        })
      }
      await checkInvariants(world.market.store)
      world.clock.now += 1_000
      await one.finish({ usage: { output_token: 3n }, outcome: 'done' })
      expect((await leaseNow(world, lease)).status).toBe('lease_ending')
      await two.finish({ usage: { output_token: 3n }, outcome: 'failed' })
      expect(await leaseNow(world, lease)).toMatchObject({
        status: `lease_${how}`,
        metered: 22n,
        endedAt: world.clock.now,
      })
      expect((await settlementNow(world, lease)).refundedSoFar).toBe(978n)
      await later(world, windowMs)
      expect((await settlementNow(world, lease)).status).toBe('settlement_released')
      await checkInvariants(world.market.store)
    })

    it('cuts calls that do not drain: they bill their checkpoint, may be corrected, and close with the window', async () => {
      const world = await openWorld(backend)
      const lease = await leased(world)
      const [one, two] = [
        await openCall(world, lease.leaseId, { output_token: 30n }),
        await openCall(world, lease.leaseId, { output_token: 30n }),
      ]
      await one.checkpoint({ output_token: 3n })
      await end(world, lease)
      await later(world, maxCallMs - 1)
      expect(await leaseNow(world, lease)).toMatchObject({ openCalls: 2 })
      expect(await later(world, 1)).toMatchObject({ errors: 0 })
      const closesAt = world.clock.now + windowMs
      expect(await leaseNow(world, lease)).toMatchObject({
        status: `lease_${how}`,
        unknownCalls: 2,
        metered: 11n,
        reserved: 209n,
      })
      expect(await settlementNow(world, lease)).toMatchObject({
        refundedSoFar: 780n,
        releasedSoFar: how === 'completed' ? 11n : 0n,
        closesAt,
      })
      await checkInvariants(world.market.store)
      // The cut call goes on where it runs, and its end is a correction.
      expect(await two.finish({ usage: { output_token: 30n }, outcome: 'done' })).toEqual({
        cost: 110n,
        seq: 3,
      })
      await checkInvariants(world.market.store)
      expect(await later(world, windowMs)).toMatchObject({ errors: 0 })
      expect(await settlementNow(world, lease)).toMatchObject({
        status: 'settlement_released',
        releasedSoFar: 121n,
        refundedSoFar: 879n,
        settledAt: closesAt,
      })
      expect(await leaseNow(world, lease)).toMatchObject({ unknownCalls: 0, reserved: 0n })
      await checkInvariants(world.market.store)
      expect(world.defects).toEqual([])
    })

    it('is final: it cannot end again, and nothing is billed on it', async () => {
      const world = await openWorld(backend)
      const lease = await leased(world)
      await end(world, lease)
      const root = await stateRoot(world.market.store)
      for (const op of [completeLease, revokeLease]) {
        expect(await refuses(world, op, { leaseId: lease.leaseId }, lease.consumer.who)).toMatchObject({
          error: 'E_CONFLICT',
          details: { legal: [] },
        })
      }
      const entry = { leaseId: lease.leaseId, requestId: 'too-late', usage: [], outcome: 'done' }
      expect((await refuses(world, appendUsage, { entry }, world.node)).error).toBe(
        how === 'revoked' ? 'E_REVOKED' : 'E_EXPIRED',
      )
      expect(await stateRoot(world.market.store)).toBe(root)
    })
  })
})
