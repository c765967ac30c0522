/** A gateway of ours and, behind a proxy that changes what it is told to, another market: anew for each test. */
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { startChild, type ChildWorld } from '../plugin/child-world.fixture.ts'
import { makeHome, type RunningWorld } from '../plugin/running-world.fixture.ts'
import { tamperingProxy, type TamperingProxy } from '../plugin/tampering-proxy.fixture.ts'
import { good, offerOf, testWorld } from '../plugin/world.fixture.ts'

export let there: ChildWorld
export let proxy: TamperingProxy
export let here: RunningWorld
/** A search that the other market offers. */
export let search: string
export const api = '/web3/api/web3.resources.'
export const queryPath = '/web3/resources/search/query'

/** To be called by a test file once. */
export function besideAnotherMarket(): void {
  beforeAll(async () => {
    there = await startChild({ home: await makeHome() })
  })
  afterAll(async () => {
    await there.kill()
    await rm(there.home, { recursive: true, force: true })
  })
  beforeEach(async () => {
    proxy = await tamperingProxy(there.url)
    here = await testWorld({ config: { markets: [{ name: 'other', url: proxy.url }] } })
    await there.fund(here.market.address, 1_000_000n)
    search = String(good(await there.call('web3.resources.publish', offerOf('search')))['resourceId'])
  })
}

export const wish = (more: object = {}) => ({
  resourceId: search,
  ttlMs: 3_600_000,
  maxCost: '50000',
  ...more,
})
