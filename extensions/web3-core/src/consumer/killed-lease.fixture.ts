/** What the tests of a gateway that dies while it takes a lease have in common. */
import { expect } from 'vitest'
import type { ChildWorld } from '../plugin/child-world.fixture.ts'
import type { Death } from '../plugin/market-child.fixture.ts'
import { good, type Json } from '../plugin/world.fixture.ts'

export const wishFor = (resourceId: string) => ({
  resourceId,
  ttlMs: 3_600_000,
  maxCost: '50000',
  idempotencyKey: 'the-one-lease',
})

export async function dieTaking(victim: ChildWorld, resourceId: string, dies: Death): Promise<void> {
  await expect(victim.call('web3.resources.lease', wishFor(resourceId))).rejects.toThrow('gone')
  expect(await victim.death()).toBe(dies)
}

export async function balance(world: { call: ChildWorld['call'] }): Promise<Json> {
  const { currencies } = good(await world.call('web3.billing.summary'))
  return (currencies as Json[])[0] ?? {}
}

export async function servesAndSettles(again: ChildWorld, market: string): Promise<void> {
  const [entry] = await again.vault()
  expect(entry).toMatchObject({ state: 'active', market })
  const found = good(await again.call('web3.search.query', { q: 'tides' }))
  expect(found).toMatchObject({ servedBy: { leaseId: entry?.leaseId, market, agrees: true, cost: '1000' } })
  good(await again.call('web3.resources.completeLease', { leaseId: entry?.leaseId }))
  expect(await again.vault()).toMatchObject([{ state: 'closed' }])
}
