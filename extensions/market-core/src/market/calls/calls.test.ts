import { describe, expect, it } from 'vitest'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import { checkInvariants } from '../invariants.fixture.ts'
import { revokeLease } from '../leases/revoke.ts'
import {
  backends,
  does,
  fundedWallet,
  leaseNow,
  newWallet,
  openCall,
  openWorld,
  publish,
  serve,
  takeLease,
  type World,
} from '../market.fixture.ts'
import { listUsage } from '../usage/list.ts'
import { summarizeUsage } from '../usage/summary.ts'

async function leased(world: World, maxCost = 1_000n, policy: object = {}) {
  const consumer = await fundedWallet(world, 100_000n)
  const lease = await takeLease(world, consumer, { resourceId: await publish(world, { policy }), maxCost })
  return { ...lease, consumer }
}

const code = (code: string, details?: object) =>
  expect.objectContaining({
    code,
    ...(details === undefined ? {} : { details: expect.objectContaining(details) }),
  })

describe.each(backends)('a call on %s', (backend) => {
  it('opens, is checkpointed, and is billed what it used by the running total', async () => {
    const world = await openWorld(backend)
    const { leaseId, consumer } = await leased(world)
    const call = await openCall(world, leaseId, { input_token: 10n, output_token: 5n, request: 1n })
    expect(await leaseNow(world, { leaseId })).toMatchObject({ openCalls: 1, callSeq: 1, reserved: 26n }) // 5 + 19 + 2
    await call.checkpoint({ output_token: 2n })
    await checkInvariants(world.market.store)
    await expect(call.checkpoint({ output_token: 1n })).rejects.toEqual(code('E_CONFLICT'))
    await expect(call.checkpoint({ query: 1n })).rejects.toEqual(
      code('E_INVALID_ARGUMENT', { pointer: '/usage/0/unit' }),
    )
    await expect(call.checkpoint({ output_token: 9n })).rejects.toEqual(code('E_QUOTA_EXCEEDED'))
    // round(30/7) + round(44/3) + 2
    expect(
      await call.finish({ usage: { input_token: 10n, output_token: 4n, request: 1n }, outcome: 'done' }),
    ).toEqual({ cost: 21n, seq: 1 })
    await expect(call.checkpoint({ output_token: 5n })).rejects.toEqual(code('E_CONFLICT'))
    await expect(call.finish({ usage: {}, outcome: 'done' })).rejects.toThrow('once')
    expect(await serve(world, leaseId, { output_token: 1n })).toEqual({ cost: 3n, seq: 2 }) // round(55/3) − round(44/3)
    expect(await serve(world, leaseId, {}, 'failed')).toEqual({ cost: 0n, seq: 3 })
    await checkInvariants(world.market.store)
    const { entries } = await does(world, listUsage, { leaseId }, consumer.who)
    expect(entries.map((entry) => [entry.seq, entry.cost, entry.outcome])).toEqual([
      [3, 0n, 'failed'],
      [2, 3n, 'done'],
      [1, 21n, 'done'],
    ])
    const { currencies } = await does(world, summarizeUsage, { leaseId }, consumer.who)
    expect(currencies).toMatchObject([{ currency: 'USDC', totalCost: 24n, entries: 3 }])
    expect((await does(world, listUsage, { leaseId }, newWallet().who)).entries).toEqual([])
    expect(world.defects).toEqual([])
  })

  it('cannot share one budget with the calls that race it', async () => {
    const world = await openWorld(backend)
    const { leaseId } = await leased(world, 100n, { maxConcurrent: 1_000 })
    const admits = Array.from({ length: 60 }, (_, i) =>
      world.market.gate.admit({
        leaseId,
        requestId: `racing-${i}`,
        mayRepeat: i % 2 === 0,
        bodyHash: sha256Hex(''),
        demand: { fixed: { output_token: 3n } },
      }),
    )
    const settled = await Promise.allSettled(admits)
    const calls = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    expect(calls).toHaveLength(9) // 9 × 11 of 100
    for (const each of settled)
      if (each.status === 'rejected') expect(each.reason).toEqual(code('E_QUOTA_EXCEEDED'))
    await Promise.all(calls.map((call) => call.opened))
    expect(await leaseNow(world, { leaseId })).toMatchObject({ reserved: 99n, openCalls: 9 })
    expect(world.market.gate.open()).toBe(9)
    const costs = await Promise.all(
      calls.map((call) => call.finish({ usage: { output_token: 2n }, outcome: 'done' })),
    )
    expect(costs.reduce((sum, { cost }) => sum + cost, 0n)).toBe(66n) // 18 × 11/3
    expect(world.market.gate.open()).toBe(0)
    await checkInvariants(world.market.store)
  })

  it('gets of a stretched unit what the budget allows, and no call without any', async () => {
    const world = await openWorld(backend)
    const { leaseId } = await leased(world, 40n)
    const admit = (requestId: string, most: bigint) =>
      world.market.gate.admit({
        leaseId,
        requestId,
        mayRepeat: true,
        bodyHash: sha256Hex(''),
        demand: { fixed: { request: 1n }, stretch: { unit: 'output_token', most } },
      })
    const call = await admit('stretched-1', 100n)
    expect(call.granted).toBe(10n) // ⌊38 × 3/11⌋
    expect([
      call.affords({ request: 1n, output_token: 10n }),
      call.affords({ request: 1n, output_token: 11n }),
    ]).toEqual([true, false])
    await expect(admit('stretched-2', 100n)).rejects.toEqual(code('E_QUOTA_EXCEEDED'))
    await call.finish({ usage: { request: 1n, output_token: 10n }, outcome: 'done' })
    expect(await leaseNow(world, { leaseId })).toMatchObject({ metered: 39n, reserved: 0n })
    await expect(admit('stretched-3', 1n)).rejects.toEqual(code('E_QUOTA_EXCEEDED', { remaining: '1' }))
    await checkInvariants(world.market.store)
  })

  it('has a request id of its own: repeated, in flight, or of another body it is refused', async () => {
    const world = await openWorld(backend)
    const { leaseId } = await leased(world)
    const again = (body: string, requestId = 'request-1') =>
      world.market.gate.admit({
        leaseId,
        requestId,
        mayRepeat: true,
        bodyHash: sha256Hex(body),
        demand: { fixed: { request: 1n } },
      })
    const [first, second] = await Promise.allSettled([again('body'), again('body')])
    expect(second).toMatchObject({ status: 'rejected', reason: code('E_CONFLICT', { rule: 'in-flight' }) })
    if (first.status === 'rejected') throw first.reason
    await first.value.finish({ usage: { request: 1n }, outcome: 'done' })
    await expect(again('body')).rejects.toEqual(code('E_CONFLICT', { rule: 'answer-gone' }))
    await expect(again('other')).rejects.toEqual(code('E_CONFLICT', { rule: 'other-body' }))
    await expect(again('body', world.market.ids.next('call'))).resolves.toBeDefined()
    await expect(
      world.market.gate.admit({
        leaseId: world.market.ids.next('lease'),
        requestId: 'x'.repeat(8),
        mayRepeat: false,
        bodyHash: sha256Hex(''),
        demand: { fixed: {} },
      }),
    ).rejects.toEqual(code('E_NOT_FOUND'))
  })

  it('is bounded in number at a time and a minute', async () => {
    const world = await openWorld(backend)
    const { leaseId } = await leased(world, 1_000n, { maxConcurrent: 2, maxRequestsPerMinute: 3 })
    const [one] = [
      await openCall(world, leaseId, { request: 1n }),
      await openCall(world, leaseId, { request: 1n }),
    ]
    await expect(openCall(world, leaseId, { request: 1n })).rejects.toEqual(
      code('E_RATE_LIMITED', { maxConcurrent: 2 }),
    )
    await one.finish({ usage: { request: 1n }, outcome: 'done' })
    const two = await openCall(world, leaseId, { request: 1n })
    await two.finish({ usage: { request: 1n }, outcome: 'done' })
    await expect(openCall(world, leaseId, { request: 1n })).rejects.toEqual(
      code('E_RATE_LIMITED', { perMinute: 3, retryAfterSeconds: 20 }),
    )
    world.clock.now += 20_000
    await openCall(world, leaseId, { request: 1n })
    await checkInvariants(world.market.store)
  })

  it('is not admitted once the lease has ended, by whatever the gate remembers', async () => {
    const world = await openWorld(backend)
    const { leaseId, consumer, expiresAt } = await leased(world)
    const tokenHash = (await leaseNow(world, { leaseId })).tokenHash
    expect(await world.market.gate.leaseOf(tokenHash)).toMatchObject({ leaseId, status: 'lease_active' })
    expect(await world.market.gate.leaseOf(sha256Hex('no such token'))).toBeUndefined()
    const racing = world.market.gate.admit({
      leaseId,
      requestId: 'racing-the-end',
      mayRepeat: true,
      bodyHash: sha256Hex(''),
      demand: { fixed: { request: 1n } },
    })
    await does(world, revokeLease, { leaseId, reason: 'enough' }, consumer.who)
    expect(await world.market.gate.leaseOf(tokenHash)).toMatchObject({
      endReason: 'revoked',
      endNote: 'enough',
    })
    await (await racing).opened.catch(() => undefined)
    await expect(openCall(world, leaseId, {})).rejects.toEqual(
      expect.objectContaining({ code: expect.stringMatching(/^E_(REVOKED|EXPIRED)$/) }),
    )
    const other = await leased(world)
    world.clock.now = expiresAt
    await expect(openCall(world, other.leaseId, {})).rejects.toEqual(code('E_EXPIRED'))
    await checkInvariants(world.market.store)
  })
})
