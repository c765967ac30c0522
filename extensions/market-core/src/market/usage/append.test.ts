import { describe, expect, it } from 'vitest'
import type { LeaseId } from '@openclaw-market/protocol/ids'
import { stateRoot } from '../../store/state-root.ts'
import { checkInvariants } from '../invariants.fixture.ts'
import {
  backends,
  does,
  fundedWallet,
  leaseNow,
  newWallet,
  openCall,
  openWorld,
  publish,
  refuses,
  takeLease,
  type World,
} from '../market.fixture.ts'
import { appendUsage } from './append.ts'

async function leased(world: World, maxCost = 1_000n, policy: object = {}) {
  const consumer = await fundedWallet(world, 100_000n)
  const lease = await takeLease(world, consumer, { resourceId: await publish(world, { policy }), maxCost })
  return { ...lease, consumer }
}

const usage = (quantities: Record<string, number>) =>
  Object.entries(quantities).map(([unit, quantity]) => ({ unit, quantity: String(quantity) }))

describe.each(backends)('usage told after the fact on %s', (backend) => {
  const entry = (leaseId: LeaseId, more: object = {}) => ({
    entry: { leaseId, requestId: 'told-later', usage: usage({ output_token: 3 }), outcome: 'done', ...more },
  })

  it('is for the provider alone; to anyone else the lease does not exist', async () => {
    const world = await openWorld(backend)
    const { leaseId, consumer } = await leased(world)
    const before = await stateRoot(world.market.store)
    const missing = await refuses(world, appendUsage, entry(world.market.ids.next('lease')), consumer.who)
    for (const who of [consumer.who, newWallet().who]) {
      const refused = await refuses(world, appendUsage, entry(leaseId), who)
      expect(refused).toEqual({ ...missing, message: refused.message })
      expect(refused.message.replace(leaseId, 'it')).toBe(missing.message.replace(/lease_\w+/, 'it'))
    }
    const onBehalfOf = { actorId: consumer.actorId, reason: 'asked' }
    expect(
      await refuses(world, appendUsage, entry(leaseId), {
        kind: 'operator',
        actorId: world.market.address,
        onBehalfOf,
      }),
    ).toMatchObject({ error: 'E_FORBIDDEN' })
    expect(await stateRoot(world.market.store)).toBe(before)
    expect(await does(world, appendUsage, entry(leaseId), world.node)).toMatchObject({ seq: 1, cost: 11n })
    await checkInvariants(world.market.store)
  })

  it('is checked, priced here, and written once', async () => {
    const world = await openWorld(backend)
    const { leaseId } = await leased(world, 100n)
    const before = await stateRoot(world.market.store)
    const cases: readonly (readonly [object, string, object])[] = [
      [
        { usage: usage({ query: 1 }) },
        'E_INVALID_ARGUMENT',
        { pointer: '/entry/usage/0/unit', rule: 'unit' },
      ],
      [
        { usage: [...usage({ request: 1 }), ...usage({ request: 1 })] },
        'E_INVALID_ARGUMENT',
        { pointer: '/entry/usage/1/unit', rule: 'uniqueItems' },
      ],
      [
        { usage: usage({ gb_day: 1 }) },
        'E_INVALID_ARGUMENT',
        { pointer: '/entry/usage/0/unit', rule: 'unit' },
      ],
      [{ cost: '12' }, 'E_CONFLICT', { computed: '11', stated: '12' }],
      [{ usage: usage({ output_token: 28 }) }, 'E_QUOTA_EXCEEDED', { remaining: '100', needed: '103' }],
      [{ outcome: 'unknown' }, 'E_CONFLICT', { pointer: '/entry/outcome' }],
      [{ seq: 1 }, 'E_INVALID_ARGUMENT', { pointer: '/entry/seq', rule: 'additionalProperties' }],
    ]
    for (const [more, error, details] of cases) {
      expect(await refuses(world, appendUsage, entry(leaseId, more), world.node)).toMatchObject({
        error,
        details,
      })
    }
    expect(await stateRoot(world.market.store)).toBe(before)
    const first = await does(world, appendUsage, entry(leaseId, { cost: '11' }), world.node)
    expect(await does(world, appendUsage, entry(leaseId), world.node)).toEqual(first)
    expect(
      await refuses(world, appendUsage, entry(leaseId, { usage: usage({ output_token: 4 }) }), world.node),
    ).toMatchObject({ error: 'E_CONFLICT' })
    expect(
      await refuses(world, appendUsage, entry(leaseId, { outcome: 'failed' }), world.node),
    ).toMatchObject({ error: 'E_CONFLICT' })
    expect(await leaseNow(world, { leaseId })).toMatchObject({ metered: 11n, usageSeq: 1, callSeq: 1 })
    await checkInvariants(world.market.store)
    expect(world.defects).toEqual([])
  })

  it('does not take what an open call has reserved', async () => {
    const world = await openWorld(backend)
    const { leaseId } = await leased(world, 30n)
    const call = await openCall(world, leaseId, { output_token: 6n }) // 22 of 30
    expect(await refuses(world, appendUsage, entry(leaseId), world.node)).toMatchObject({
      error: 'E_QUOTA_EXCEEDED',
      details: { remaining: '8' },
    })
    await call.finish({ usage: {}, outcome: 'failed' })
    await does(world, appendUsage, entry(leaseId), world.node)
    await checkInvariants(world.market.store)
  })
})
