/** What the tests of a gateway that dies while it takes a lease have in common. */
import { expect } from 'vitest'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { childWorld, type ChildWorld } from '../plugin/child-world.fixture.ts'
import type { Death } from '../plugin/market-child.fixture.ts'
import { newResourceId, outsideWallet } from '../plugin/outside-wallet.fixture.ts'
import { backendsOf } from '../plugin/running-world.fixture.ts'
import { good, offerOf, temporaryHome, type Json } from '../plugin/world.fixture.ts'

export type Store = 'sqlite' | 'file'

/** A gateway that dies, and what it wants to lease on its own market. */
export async function localVictim(store: Store, dies: Death) {
  const home = await temporaryHome()
  const account = privateKeyToAccount(generatePrivateKey())
  const backends = Object.fromEntries(
    Object.entries(backendsOf(home)).map(([name, backend]) => [
      name,
      { ...backend, publishers: [account.address] },
    ]),
  )
  const options = { home, store, config: { provider: { backends } } }
  const victim = await childWorld({ ...options, dies })
  await victim.fund(victim.address, 100_000n)
  const resourceId = newResourceId()
  const seller = outsideWallet({ url: victim.url, market: { address: victim.address } }, account)
  const delegation = await seller.delegation(resourceId, 'docs')
  good(
    (
      await seller.api('web3.resources.publish', {
        resource: { ...offerOf('search').resource, resourceId, delegation },
      })
    ).body,
  )
  return { victim, resourceId, options }
}

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
