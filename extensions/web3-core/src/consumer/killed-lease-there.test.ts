/** SIGKILL while a lease of another market is taken: nothing is paid that cannot be used, and nothing unusable is paid. */
import { describe, expect, it } from 'vitest'
import { childWorld } from '../plugin/child-world.fixture.ts'
import type { Death } from '../plugin/market-child.fixture.ts'
import type { RunningWorld } from '../plugin/running-world.fixture.ts'
import { good, publishAsNode, temporaryHome, testWorld } from '../plugin/world.fixture.ts'
import { balance, dieTaking, servesAndSettles, wishFor } from './killed-lease.fixture.ts'

type Store = 'sqlite' | 'file'

/** A gateway that dies, and what it wants to lease on the market of this process. */
async function remoteVictim(store: Store, dies: Death) {
  const there: RunningWorld = await testWorld({ store })
  const resourceId = await publishAsNode(there, 'search')
  const home = await temporaryHome()
  const options = { home, store, config: { markets: [{ name: 'other', url: there.url }] } }
  const victim = await childWorld({ ...options, dies })
  await there.fund(victim.address, 100_000n)
  return { there, victim, resourceId, options }
}

describe.each<Store>(['sqlite', 'file'])('on another market, on the %s store', (store) => {
  it('killed before the lease: nothing is paid; the entry goes when the request could not arrive any more', async () => {
    const dies = 'before remote lease'
    const { there, victim, resourceId, options } = await remoteVictim(store, dies)
    await dieTaking(victim, resourceId, dies)
    const again = await childWorld(options)
    await again.recover()
    expect(await again.vault(), 'it may still be on its way').toMatchObject([
      { state: 'pending', market: 'other' },
    ])
    await again.advance(120_000)
    await again.recover()
    expect(await again.vault()).toEqual([])
    expect(good(await there.call('web3.resources.leases'))).toMatchObject({ leases: [] })
  })

  it('killed after the lease: it is found, serves, and was paid once', async () => {
    const dies = 'after remote lease'
    const { there, victim, resourceId, options } = await remoteVictim(store, dies)
    await dieTaking(victim, resourceId, dies)
    const again = await childWorld(options)
    await again.recover()
    expect(good(await again.call('web3.resources.lease', wishFor(resourceId)))).toMatchObject({
      market: 'other',
      stored: true,
    })
    expect(good(await there.call('web3.resources.leases'))).toMatchObject({ leases: [{ maxCost: '50000' }] })
    await servesAndSettles(again, 'other')
    expect(await balance(there)).toMatchObject({ earned: '1000' })
  })

  it('killed before the lease and asked again at once: one lease, with the same token', async () => {
    const dies = 'before remote lease'
    const { there, victim, resourceId, options } = await remoteVictim(store, dies)
    await dieTaking(victim, resourceId, dies)
    const again = await childWorld(options)
    good(await again.call('web3.resources.lease', wishFor(resourceId)))
    expect(good(await there.call('web3.resources.leases'))).toMatchObject({ leases: [{ maxCost: '50000' }] })
    await servesAndSettles(again, 'other')
  })
})
