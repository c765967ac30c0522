/** SIGKILL while a lease of this market is taken: nothing is paid that cannot be used, and nothing unusable is paid. */
import { describe, expect, it } from 'vitest'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { childWorld } from '../plugin/child-world.fixture.ts'
import type { Death } from '../plugin/market-child.fixture.ts'
import { newResourceId, outsideWallet } from '../plugin/outside-wallet.fixture.ts'
import { backendsOf } from '../plugin/running-world.fixture.ts'
import { good, offerOf, temporaryHome } from '../plugin/world.fixture.ts'
import { balance, dieTaking, servesAndSettles, wishFor } from './killed-lease.fixture.ts'

type Store = 'sqlite' | 'file'

/** A gateway that dies, and what it wants to lease on its own market. */
async function localVictim(store: Store, dies: Death) {
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

describe.each<Store>(['sqlite', 'file'])('on its own market, on the %s store', (store) => {
  it('killed before the lease: nothing is paid, and the entry goes', async () => {
    const dies = 'before local lease'
    const { victim, resourceId, options } = await localVictim(store, dies)
    await dieTaking(victim, resourceId, dies)
    const again = await childWorld(options)
    await again.recover()
    expect(await again.vault()).toEqual([])
    expect(await balance(again)).toMatchObject({ available: '100000', held: '0' })
    expect(good(await again.call('web3.resources.leases'))).toMatchObject({ leases: [] })
  })

  it('killed after the lease: it is found, serves, and was paid once', async () => {
    const dies = 'after local lease'
    const { victim, resourceId, options } = await localVictim(store, dies)
    await dieTaking(victim, resourceId, dies)
    const again = await childWorld(options)
    await again.recover()
    expect(await balance(again)).toMatchObject({ available: '50000', held: '50000' })
    const [entry] = await again.vault()
    expect(good(await again.call('web3.resources.lease', wishFor(resourceId)))).toMatchObject({
      leaseId: entry?.leaseId,
      stored: true,
    })
    expect(await balance(again)).toMatchObject({ available: '50000' })
    await servesAndSettles(again, 'local')
    expect(await balance(again)).toMatchObject({ available: '99000', held: '0', spent: '1000' })
  })
})
