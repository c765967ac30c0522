import { describe, expect, it } from 'vitest'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import { stateRoot } from '../../store/state-root.ts'
import { accountBalance } from '../accounts/balance.ts'
import { checkInvariants } from '../invariants.fixture.ts'
import {
  backends,
  does,
  fundedWallet,
  leaseNow,
  newWallet,
  openWorld,
  publish,
  quoteTtlMs,
  refuses,
  signedWish,
  takeLease,
} from '../market.fixture.ts'
import { quoteResource } from '../resources/quote.ts'
import { unpublishResource } from '../resources/unpublish.ts'
import { getLease } from './get.ts'
import { issueLease } from './issue.ts'
import { listLeases } from './list.ts'

const tokenHash = sha256Hex('tok_a')

describe.each(backends)('a lease on %s', (backend) => {
  it('locks its maxCost, carries the terms of its offer, and is seen by its parties alone', async () => {
    const world = await openWorld(backend)
    const consumer = await fundedWallet(world, 1_000n)
    const resourceId = await publish(world)
    const made = await takeLease(world, consumer, { resourceId, maxCost: 600n, ttlMs: 60_000 })
    expect(Object.keys(made)).not.toContain('accessToken')
    expect(made.expiresAt).toBe(world.clock.now + 60_000)
    expect(await leaseNow(world, made)).toMatchObject({
      status: 'lease_active',
      maxCost: 600n,
      metered: 0n,
      reserved: 0n,
      resourceVersion: 1,
    })
    const balance = await does(world, accountBalance, { currency: 'USDC' }, consumer.who)
    expect(balance).toMatchObject({ available: 400n, held: 600n, owed: 0n })
    const { lease } = await does(world, getLease, { leaseId: made.leaseId }, consumer.who)
    expect(lease).toMatchObject({
      remaining: 600n,
      orderStatus: 'delivery_ready',
      consentStatus: 'consent_granted',
      settlementStatus: 'settlement_locked',
    })
    // A new version does not touch it.
    await publish(world, { resourceId, label: 'dearer' })
    expect((await does(world, listLeases, {}, world.node)).leases).toMatchObject([
      { leaseId: made.leaseId, label: 'a model' },
    ])
    expect(await refuses(world, getLease, { leaseId: made.leaseId }, newWallet().who)).toMatchObject({
      error: 'E_NOT_FOUND',
    })
    expect((await does(world, listLeases, {}, newWallet().who)).leases).toEqual([])
    expect(
      (
        await does(
          world,
          listLeases,
          { consumerActorId: consumer.actorId, status: 'lease_active' },
          world.operator,
        )
      ).leases,
    ).toHaveLength(1)
    await checkInvariants(world.market.store)
    expect(world.defects).toEqual([])
  })

  it('is refused by code when anything is wrong with it, and a refusal leaves nothing', async () => {
    const world = await openWorld(backend)
    const [consumer, other] = [await fundedWallet(world, 1_000n), await fundedWallet(world, 1_000n)]
    const [resourceId, elsewhere] = [await publish(world), await publish(world)]
    const good = await signedWish(world, consumer, { resourceId, maxCost: 600n })
    const theirs = await signedWish(world, other, { resourceId, maxCost: 600n })
    const poor = newWallet()
    const short = await signedWish(world, poor, { resourceId, maxCost: 600n })
    const before = await stateRoot(world.market.store)
    const cases: readonly (readonly [string, object, string, object?])[] = [
      ['no resource', { ...good, resourceId: world.market.ids.next('res') }, 'E_NOT_FOUND'],
      [
        'no tokenHash',
        { ...good, tokenHash: undefined },
        'E_INVALID_ARGUMENT',
        { pointer: '/tokenHash', rule: 'required' },
      ],
      [
        'no quote',
        { ...good, quoteId: undefined },
        'E_INVALID_ARGUMENT',
        { pointer: '/quoteId', rule: 'required' },
      ],
      [
        'no signature',
        { ...good, consentSignature: undefined },
        'E_INVALID_ARGUMENT',
        { pointer: '/consentSignature', rule: 'required' },
      ],
      ['an unknown quote', { ...good, quoteId: world.market.ids.next('quo') }, 'E_NOT_FOUND'],
      ["someone else's quote", { ...good, quoteId: theirs.quoteId }, 'E_NOT_FOUND'],
      [
        "another wallet's signature",
        { ...good, consentSignature: theirs.consentSignature },
        'E_FORBIDDEN',
        { pointer: '/consentSignature' },
      ],
      ['another ttl', { ...good, ttlMs: 3_600_001 }, 'E_CONFLICT', { pointer: '/ttlMs', quoted: 3_600_000 }],
      ['another resource', { ...good, resourceId: elsewhere }, 'E_NOT_FOUND'],
      [
        'more than was consented',
        { ...good, maxCost: '601' },
        'E_CONFLICT',
        { pointer: '/maxCost', consented: '600' },
      ],
      [
        'nothing to lock',
        { ...good, maxCost: '0' },
        'E_INVALID_ARGUMENT',
        { pointer: '/maxCost', rule: 'pattern' },
      ],
      [
        'too short a time',
        { ...good, ttlMs: 9_999 },
        'E_INVALID_ARGUMENT',
        { pointer: '/ttlMs', rule: 'minimum' },
      ],
      [
        'too long a time',
        { ...good, ttlMs: 604_800_001 },
        'E_INVALID_ARGUMENT',
        { pointer: '/ttlMs', rule: 'maximum' },
      ],
      [
        'an actor in the parameters',
        { ...good, actorId: other.actorId },
        'E_INVALID_ARGUMENT',
        { pointer: '/actorId', rule: 'additionalProperties' },
      ],
    ]
    for (const [what, params, error, details] of cases) {
      const json: unknown = JSON.parse(JSON.stringify(params))
      const refused = await refuses(world, issueLease, json, consumer.who)
      expect(refused, what).toMatchObject({ error, ...(details === undefined ? {} : { details }) })
      expect(refused.hint, what).toBeTruthy()
    }
    expect(await refuses(world, issueLease, short, poor.who)).toMatchObject({
      error: 'E_INSUFFICIENT_FUNDS',
      details: { currency: 'USDC', asked: '600', available: '0', missing: '600' },
    })
    expect(await refuses(world, issueLease, { ...good, quoteId: undefined }, world.node)).toMatchObject({
      error: 'E_FORBIDDEN',
    })
    // Operators see all quotes, and still use none for whom it is not.
    const onBehalfOf = { actorId: consumer.actorId, reason: 'asked' }
    const operator = { kind: 'operator', actorId: world.market.address, onBehalfOf } as const
    expect(await refuses(world, issueLease, { ...good, quoteId: theirs.quoteId }, operator)).toMatchObject({
      error: 'E_NOT_FOUND',
    })
    expect(await refuses(world, issueLease, good, { kind: 'anyone' })).toMatchObject({
      error: 'E_AUTH_REQUIRED',
    })
    expect(await stateRoot(world.market.store)).toBe(before)
    // What was refused was refused for its fault alone.
    await does(world, issueLease, good, consumer.who)
    expect(world.defects).toEqual([])
  })

  it('is refused when the offer changed, the quote is over or used, or the resource is gone', async () => {
    const world = await openWorld(backend)
    const consumer = await fundedWallet(world, 10_000n)
    const resourceId = await publish(world)
    const used = await signedWish(world, consumer, { resourceId, maxCost: 100n })
    await does(world, issueLease, used, consumer.who)
    expect(await refuses(world, issueLease, { ...used, tokenHash }, consumer.who)).toMatchObject({
      error: 'E_NOT_FOUND',
    })
    const late = await signedWish(world, consumer, { resourceId, maxCost: 100n })
    world.clock.now += quoteTtlMs
    expect(await refuses(world, issueLease, late, consumer.who)).toMatchObject({ error: 'E_EXPIRED' })
    const changed = await signedWish(world, consumer, { resourceId, maxCost: 100n })
    await publish(world, { resourceId, label: 'same prices, another version' })
    expect(await refuses(world, issueLease, changed, consumer.who)).toMatchObject({ error: 'E_CONFLICT' })
    const gone = await signedWish(world, consumer, { resourceId, maxCost: 100n })
    await does(world, unpublishResource, { resourceId }, world.node)
    expect(await refuses(world, issueLease, gone, consumer.who)).toMatchObject({ error: 'E_NOT_FOUND' })
    expect(await refuses(world, quoteResource, { resourceId, ttlMs: 60_000 }, consumer.who)).toMatchObject({
      error: 'E_NOT_FOUND',
    })
    await checkInvariants(world.market.store)
    expect(world.defects).toEqual([])
  })

  it('of a token that another lease has is refused', async () => {
    const world = await openWorld(backend)
    const consumer = await fundedWallet(world, 10_000n)
    const resourceId = await publish(world)
    const [one, two] = [
      await signedWish(world, consumer, { resourceId, maxCost: 100n }),
      await signedWish(world, consumer, { resourceId, maxCost: 100n }),
    ]
    await does(world, issueLease, one, consumer.who)
    const before = await stateRoot(world.market.store)
    expect(
      await refuses(world, issueLease, { ...two, tokenHash: one.tokenHash }, consumer.who),
    ).toMatchObject({ error: 'E_CONFLICT' })
    expect(await stateRoot(world.market.store)).toBe(before)
  })
})
