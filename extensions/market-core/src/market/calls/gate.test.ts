import { describe, expect, it } from 'vitest'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import { Leases, type Lease } from '@openclaw-market/protocol/entities/lease'
import { insert, update } from '@openclaw-market/protocol/operation'
import { executor } from '../execute.ts'
import { fundedWallet, leaseNow, openWorld, publish, takeLease } from '../market.fixture.ts'
import type { MarketStore } from '../../store/store.ts'
import { callGate } from './gate.ts'
import { rateLimiter } from './rate.ts'

/** A gate over the world's own store, whose reads wait at a barrier after they have seen their snapshot. */
async function slowGate() {
  const world = await openWorld('sqlite')
  const lease = await takeLease(world, await fundedWallet(world, 1_000n), {
    resourceId: await publish(world),
    maxCost: 100n,
  })
  let barrier = Promise.resolve()
  const store: MarketStore = {
    ...world.market.store,
    read: async (scope, fn) => {
      const seen = await world.market.store.read(scope, fn)
      await barrier
      return seen
    },
  }
  const { ids } = world.market
  const now = (): number => world.clock.now
  const execute = executor({
    store,
    rules: world.market.rules,
    now,
    ids,
    prover: world.market.prover,
    committed: (writes) => gate.committed(writes),
    report: () => undefined,
  })
  const gate = callGate({ store, execute, ids, now, self: world.node })
  const slowly = () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    barrier = promise
    return resolve
  }
  const admit = (requestId: string, request = 1n, mayRepeat = true) =>
    gate.admit({
      leaseId: lease.leaseId,
      requestId,
      mayRepeat,
      bodyHash: sha256Hex(''),
      demand: { fixed: { request } },
    })
  return { world, lease, gate, slowly, admit }
}

const later = (lease: Lease, change: Partial<Lease>) => update(Leases, { ...lease, ...change })

describe('what the gate remembers', () => {
  it('is not older than what was committed while it was being read', async () => {
    const { world, lease, gate, slowly } = await slowGate()
    const before = await leaseNow(world, lease)
    const go = slowly()
    const looking = gate.leaseOf(before.tokenHash)
    await new Promise((soon) => setImmediate(soon)) // the read has its snapshot and waits
    gate.committed([later(before, { status: 'lease_ending' })])
    go()
    expect(await looking).toMatchObject({ status: 'lease_ending', rev: before.rev + 1 })
    expect(await gate.leaseOf(before.tokenHash)).toMatchObject({ status: 'lease_ending' })
  })

  it('takes a commit over what it read, and never goes back', async () => {
    const { world, lease, gate } = await slowGate()
    const first = await leaseNow(world, lease)
    await gate.leaseOf(first.tokenHash)
    gate.committed([later({ ...first, rev: 4 }, { metered: 9n })])
    gate.committed([later({ ...first, rev: 2 }, { metered: 1n })])
    gate.committed([insert(Leases, first)])
    expect(await gate.leaseOf(first.tokenHash)).toMatchObject({ metered: 9n, rev: 5 })
  })

  it('lets one of two calls with one request id in, also while it looks the id up', async () => {
    const { admit, slowly, gate } = await slowGate()
    const go = slowly()
    const both = [admit('the-same-id'), admit('the-same-id')]
    go()
    const settled = await Promise.allSettled(both)
    expect(settled.map((each) => each.status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(gate.open()).toBe(1)
  })

  it('gives the reserve of a call back that could not be opened', async () => {
    const { world, lease, admit, gate } = await slowGate()
    const first = await admit('first-of-all', 40n) // 80 of 100
    await expect(admit('second-call', 40n)).rejects.toMatchObject({ code: 'E_QUOTA_EXCEEDED' })
    await first.opened
    // The store's own decision is the last word: another process has ended the lease, and this gate was not told.
    const now = await leaseNow(world, lease)
    await world.market.store.write((tx) => tx.update(Leases, { ...now, expiresAt: world.clock.now }))
    const late = await admit('late-call', 1n)
    await expect(late.opened).rejects.toMatchObject({ code: 'E_EXPIRED' })
    expect(gate.open()).toBe(1)
    await expect(late.finish({ usage: {}, outcome: 'done' })).rejects.toMatchObject({ code: 'E_EXPIRED' })
    expect(gate.open()).toBe(1)
  })
})

describe('a rate limit', () => {
  it('is a bucket of one minute that fills continuously', () => {
    const { take } = rateLimiter(60)
    for (let i = 0; i < 60; i++) take(1_000)
    expect(() => take(1_000)).toThrow(
      expect.objectContaining({ code: 'E_RATE_LIMITED', details: { perMinute: 60, retryAfterSeconds: 1 } }),
    )
    take(2_000)
    expect(() => take(2_999)).toThrow()
    take(3_000)
    // A clock that steps back gives nothing away, and takes nothing for ever.
    expect(() => take(0)).toThrow()
    take(1_000)
    for (let i = 0; i < 60; i++) take(10_000_000)
    expect(() => take(10_000_000)).toThrow()
  })

  it('says how long to wait when it is slow', () => {
    const { take } = rateLimiter(1)
    take(0)
    expect(() => take(15_000)).toThrow(
      expect.objectContaining({ details: { perMinute: 1, retryAfterSeconds: 45 } }),
    )
  })
})
