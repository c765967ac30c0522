import { describe, expect, it } from 'vitest'
import { SpentNonces } from '@openclaw-market/protocol/entities/records'
import type { Principal } from '@openclaw-market/protocol/principal'
import { checkInvariants } from '../market/invariants.fixture.ts'
import {
  backends,
  does,
  fundedWallet,
  leaseNow,
  newWallet,
  openWorld,
  publish,
  refuses,
  serve,
  settlementNow,
  startsAt,
  takeLease,
  windowMs,
  type TakenLease,
  type Wallet,
  type World,
} from '../market/market.fixture.ts'
import { expireSweep } from '../plugin/expire-sweep.ts'
import { settlementStatus } from '../market/settlements/status.ts'
import { listSettlements } from '../market/settlements/list.ts'
import { statusSummary } from '../market/status/summary.ts'
import { completeLease } from '../market/leases/complete.ts'
import { getLease } from '../market/leases/get.ts'
import { revokeLease } from '../market/leases/revoke.ts'

const ttlMs = 3_600_000
type Leased = TakenLease & { readonly consumer: Wallet }

async function leased(world: World, maxCost = 1_000n): Promise<Leased> {
  const consumer = await fundedWallet(world, maxCost)
  return {
    ...(await takeLease(world, consumer, { resourceId: await publish(world), maxCost, ttlMs })),
    consumer,
  }
}

describe.each(backends)('ends and time on %s', (backend) => {
  it('a lease ends by its parties alone, and is accepted by its consumer alone', async () => {
    const world = await openWorld(backend)
    const { leaseId, consumer, ...rest } = await leased(world)
    for (const op of [completeLease, revokeLease]) {
      expect(await refuses(world, op, { leaseId }, newWallet().who)).toMatchObject({ error: 'E_NOT_FOUND' })
      expect(await refuses(world, op, { leaseId }, { kind: 'anyone' })).toMatchObject({
        error: 'E_AUTH_REQUIRED',
      })
    }
    expect(await refuses(world, completeLease, { leaseId }, world.node)).toMatchObject({
      error: 'E_NOT_FOUND',
    })
    const onBehalfOf = { actorId: consumer.actorId, reason: 'lost the wallet' }
    const operator: Principal = { kind: 'operator', actorId: world.market.address, onBehalfOf }
    await does(world, revokeLease, { leaseId, reason: 'as asked' }, operator)
    expect(await leaseNow(world, { leaseId })).toMatchObject({
      endedBy: consumer.actorId,
      endNote: 'as asked',
    })
    const { lease } = await does(world, getLease, { leaseId }, consumer.who)
    expect(lease).toMatchObject({
      orderStatus: 'settlement_cancelled',
      consentStatus: 'consent_revoked',
      deliveryStatus: 'delivery_revoked',
      remaining: 0n,
    })
    const { settlement } = await does(
      world,
      settlementStatus,
      { settlementId: rest.settlementId },
      world.node,
    )
    expect(settlement).toMatchObject({ status: 'settlement_refunded', settledAt: startsAt })
    expect(
      await refuses(world, settlementStatus, { settlementId: rest.settlementId }, newWallet().who),
    ).toMatchObject({ error: 'E_NOT_FOUND' })
    expect(
      (await does(world, listSettlements, { status: 'settlement_refunded' }, consumer.who)).settlements,
    ).toHaveLength(1)
    expect((await does(world, listSettlements, { leaseId }, newWallet().who)).settlements).toEqual([])
    expect(await does(world, statusSummary, {}, world.operator)).toMatchObject({
      resources: { published: 1 },
      leases: { active: 0 },
      settlement: { pending: 0 },
    })
  })

  it('the sweep does what is due once, in any number of passes, and says what would expire', async () => {
    const world = await openWorld(backend)
    const leases = []
    for (let i = 0; i < 5; i++) leases.push(await leased(world))
    for (const lease of leases.slice(0, 3)) await serve(world, lease.leaseId, { request: 1n })
    const sweep = async (params: object): Promise<Record<string, unknown>> => ({
      ...(await expireSweep.call(world.market, params, world.operator)),
    })
    expect(await expireSweep.call(world.market, {}, world.node)).toMatchObject({ error: 'E_FORBIDDEN' })
    const at = new Date(startsAt + ttlMs).toISOString()
    expect(await sweep({ now: at, dryRun: true })).toEqual({
      ok: true,
      processed: 5,
      expired: 5,
      skipped: 0,
      errors: 0,
    })
    expect(await sweep({ now: at })).toMatchObject({
      ok: false,
      error: 'E_INVALID_ARGUMENT',
      details: { pointer: '/now', rule: 'present' },
    })
    expect(await sweep({ limit: 0 })).toMatchObject({
      ok: false,
      details: { pointer: '/limit', rule: 'minimum' },
    })
    world.clock.now = startsAt + ttlMs
    expect(await sweep({ now: new Date(startsAt).toISOString() })).toMatchObject({ processed: 0 })
    expect(await sweep({ limit: 2 })).toMatchObject({ processed: 2, expired: 2 })
    const both = await Promise.all([sweep({}), sweep({})])
    expect(both.reduce((sum, each) => sum + Number(each['expired']), 0)).toBe(3)
    expect(both.reduce((sum, each) => sum + Number(each['errors']), 0)).toBe(0)
    await checkInvariants(world.market.store)
    world.clock.now += windowMs
    const passes = []
    for (let i = 0; i < 4; i++) passes.push(await sweep({ limit: 1 }))
    expect(passes.map((pass) => pass['processed'])).toEqual([1, 1, 1, 0])
    for (const lease of leases) expect((await settlementNow(world, lease)).settledAt).toBeDefined()
    await checkInvariants(world.market.store)
    expect(world.defects).toEqual([])
  })

  it('one pass forgets all that is over, however much of it strangers have made', async () => {
    const world = await openWorld(backend)
    const { market, clock } = world
    const many = Array.from({ length: 25 }, (_, i) => ({ nonceKey: `nonce-${i}`, dueAt: clock.now, rev: 0 }))
    await market.store.write(async (tx) => {
      for (const nonce of many) await tx.insert(SpentNonces, nonce)
    })
    clock.now += 1
    await market.sweep(10)
    const left = await market.store.read({ as: 'market' }, (tx) => tx.list(SpentNonces, { limit: 100 }))
    expect(left.items).toEqual([])
  })
})
