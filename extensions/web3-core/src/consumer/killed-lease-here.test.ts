/** SIGKILL while a lease of this market is taken: nothing is paid that cannot be used, and nothing unusable is paid. */
import { describe, expect, it } from 'vitest'
import { childWorld } from '../plugin/child-world.fixture.ts'
import { good } from '../plugin/world.fixture.ts'
import {
  balance,
  dieTaking,
  localVictim,
  servesAndSettles,
  wishFor,
  type Store,
} from './killed-lease.fixture.ts'

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
