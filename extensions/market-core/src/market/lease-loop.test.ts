import { describe, expect, it } from 'vitest'
import { completeLease } from './leases/complete.ts'
import { checkInvariants } from './invariants.fixture.ts'
import {
  backends,
  does,
  fundedWallet,
  leaseNow,
  openWorld,
  publish,
  serve,
  settlementNow,
  takeLease,
} from './market.fixture.ts'

describe.each(backends)('the lease loop on %s', (backend) => {
  it('publishes, leases, serves and settles', async () => {
    const world = await openWorld(backend)
    const consumer = await fundedWallet(world, 10_000n)
    const lease = await takeLease(world, consumer, { resourceId: await publish(world), maxCost: 1_000n })
    await serve(world, lease.leaseId, { input_token: 10n, output_token: 4n, request: 1n })
    await checkInvariants(world.market.store)
    await does(world, completeLease, { leaseId: lease.leaseId }, consumer.who)
    expect((await leaseNow(world, lease)).status).toBe('lease_completed')
    expect((await settlementNow(world, lease)).status).toBe('settlement_released')
    await checkInvariants(world.market.store)
    expect(world.defects).toEqual([])
  })
})
