/** SIGKILL between the end of a conversation, which is on disk, and what follows from it: that happens at the next start, once. */
import { expect, it, vi } from 'vitest'
import { balance, localVictim } from '../consumer/killed-lease.fixture.ts'
import { childWorld } from '../plugin/child-world.fixture.ts'
import { good } from '../plugin/world.fixture.ts'

const sessionKey = 'agent:main:here'

it.each([
  ['before', 'sqlite'],
  ['after', 'file'],
] as const)('killed %s its lease is completed, on the %s store', async (when, store) => {
  const dies = `${when} local end` as const
  const { victim, resourceId, options } = await localVictim(store, dies)
  const wish = { resourceId, ttlMs: 3_600_000, maxCost: '50000' }
  const own = good(await victim.call('web3.resources.lease', { ...wish, sessionKey }))['leaseId']
  const shared = good(await victim.call('web3.resources.lease', wish))['leaseId']
  for (const q of ['tides', 'moon']) good(await victim.call('web3.search.query', { q, leaseId: own }))
  await Promise.allSettled([victim.sessionEnded(sessionKey)])
  expect(await victim.death()).toBe(dies)

  const again = await childWorld(options)
  const statements = async () => good(await again.call('web3.billing.statements'))['statements']
  const lines = [{ leaseId: own, opened: true, calls: 2, unpriced: 0, cost: '2000' }]
  await vi.waitFor(
    async () => expect(await statements()).toMatchObject([{ status: 'statement_closed', lines }]),
    { timeout: 20_000 },
  )
  expect(good(await again.call('web3.resources.leases'))).toMatchObject({
    leases: [
      { leaseId: shared, status: 'lease_active' },
      { leaseId: own, status: 'lease_completed', metered: '2000' },
    ],
  })
  expect(await balance(again)).toMatchObject({ available: '48000', held: '50000', spent: '2000' })
})
