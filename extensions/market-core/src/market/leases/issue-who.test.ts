import { describe, expect, it } from 'vitest'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import type { ResourceId } from '@openclaw-market/protocol/ids'
import { stateRoot } from '../../store/state-root.ts'
import { listTransfers } from '../accounts/transfers.ts'
import { checkInvariants } from '../invariants.fixture.ts'
import {
  announce,
  backends,
  delegate,
  does,
  fund,
  fundedWallet,
  leaseNow,
  newWallet,
  openCall,
  openWorld,
  publish,
  refuses,
  signedWish,
  takeLease,
  type Wallet,
  type World,
} from '../market.fixture.ts'
import { quoteResource } from '../resources/quote.ts'
import { unpublishResource } from '../resources/unpublish.ts'
import { appendUsage } from '../usage/append.ts'
import { issueLease } from './issue.ts'

const tokenHash = sha256Hex('tok_a')

/** A resource that an outside wallet offers. */
async function offeredBy(world: World, provider: Wallet, validMs?: number): Promise<ResourceId> {
  announce(world.market, [provider.actorId])
  const resourceId = world.market.ids.next('res')
  return publish(
    world,
    { resourceId, delegation: await delegate(world, provider, resourceId, 'llm', validMs) },
    provider.who,
  )
}

describe.each(backends)('whoever leases on %s', (backend) => {
  it('with an idempotency key is taken once, also when both ask at once and long after its quote is used', async () => {
    const world = await openWorld(backend)
    const consumer = await fundedWallet(world, 1_000n)
    const resourceId = await publish(world)
    const wish = {
      ...(await signedWish(world, consumer, { resourceId, maxCost: 600n })),
      idempotencyKey: 'lease-key-1',
    }
    const twice = await Promise.all([
      does(world, issueLease, wish, consumer.who),
      does(world, issueLease, wish, consumer.who),
    ])
    expect(twice[1]).toEqual(twice[0])
    const root = await stateRoot(world.market.store)
    await does(world, unpublishResource, { resourceId }, world.node)
    expect(await does(world, issueLease, wish, consumer.who)).toEqual(twice[0])
    expect(root).not.toBe(await stateRoot(world.market.store))
    expect(await refuses(world, issueLease, { ...wish, maxCost: '599' }, consumer.who)).toMatchObject({
      error: 'E_CONFLICT',
    })
    const { transfers } = await does(world, listTransfers, {}, consumer.who)
    expect(transfers.filter((t) => t.reason === 'lock')).toHaveLength(1)
    // Another wallet's key is another key.
    expect((await refuses(world, issueLease, wish, (await fundedWallet(world, 1_000n)).who)).error).toBe(
      'E_NOT_FOUND',
    )
    await checkInvariants(world.market.store)
    expect(world.defects).toEqual([])
  })

  it('by the node wallet needs no quote, and not from itself', async () => {
    const world = await openWorld(backend)
    const provider = newWallet()
    const resourceId = await offeredBy(world, provider)
    await fund(world, world.market.address, 500n)
    const wish = { resourceId, ttlMs: 60_000, maxCost: '200', tokenHash }
    expect(await refuses(world, issueLease, { ...wish, tokenHash: undefined }, world.node)).toMatchObject({
      error: 'E_INVALID_ARGUMENT',
    })
    const made = await does(world, issueLease, wish, world.node)
    expect(await leaseNow(world, made)).toMatchObject({
      consumerActorId: world.market.address,
      providerActorId: provider.actorId,
    })
    expect(await refuses(world, issueLease, wish, provider.who)).toMatchObject({ error: 'E_FORBIDDEN' })
    expect(await refuses(world, quoteResource, { resourceId, ttlMs: 60_000 }, provider.who)).toMatchObject({
      error: 'E_FORBIDDEN',
    })
    await checkInvariants(world.market.store)
  })

  it('shows an operator without tokenHash its token once, and never again', async () => {
    const world = await openWorld(backend)
    const resourceId = await offeredBy(world, newWallet())
    await fund(world, world.market.address, 500n)
    const wish = { resourceId, ttlMs: 60_000, maxCost: '200', idempotencyKey: 'operator-1' }
    const first = await does(world, issueLease, wish, world.operator)
    const token = first.accessToken ?? ''
    expect(token).toMatch(/^tok_[A-Za-z0-9_-]{43}$/)
    expect((await leaseNow(world, first)).tokenHash).toBe(sha256Hex(token))
    const { accessToken, ...rest } = first
    expect(accessToken).toBe(token)
    expect(await does(world, issueLease, wish, world.operator)).toEqual(rest)
    const everything = await world.market.store.read({ as: 'market' }, async (tx) => {
      const all = []
      for (const of of world.market.store.collections) all.push(...(await tx.list(of, { limit: 200 })).items)
      return JSON.stringify(all, (_key, value: unknown) =>
        typeof value === 'bigint' ? value.toString() : value,
      )
    })
    expect(everything).not.toContain(token)
  })

  it('is not sold beyond the delegation under which it would be served', async () => {
    const world = await openWorld(backend)
    const provider = newWallet()
    const consumer = await fundedWallet(world, 1_000n)
    const resourceId = await offeredBy(world, provider, 600_000)
    const wish = { resourceId, maxCost: 100n }
    const long = await signedWish(world, consumer, { ...wish, ttlMs: 600_001 })
    expect(await refuses(world, issueLease, long, consumer.who)).toMatchObject({
      error: 'E_CONFLICT',
      details: { pointer: '/ttlMs' },
    })
    await takeLease(world, consumer, { ...wish, ttlMs: 600_000 })
  })

  it('pays for what a call that was open when the delegation ended has delivered since', async () => {
    const world = await openWorld(backend)
    const consumer = await fundedWallet(world, 1_000n)
    const resourceId = await offeredBy(world, newWallet(), 600_000)
    const lease = await takeLease(world, consumer, { resourceId, maxCost: 100n, ttlMs: 600_000 })
    world.clock.now += 599_999
    const call = await openCall(world, lease.leaseId, { output_token: 6n })
    world.clock.now += 60_000
    await call.checkpoint({ output_token: 3n })
    expect(await call.finish({ usage: { output_token: 6n }, outcome: 'done' })).toEqual({ cost: 22n, seq: 1 })
    const entry = { leaseId: lease.leaseId, requestId: 'served-later', usage: [], outcome: 'done' }
    expect(await refuses(world, appendUsage, { entry }, world.node)).toMatchObject({ error: 'E_NOT_FOUND' })
    expect(world.defects).toEqual([])
  })
})
