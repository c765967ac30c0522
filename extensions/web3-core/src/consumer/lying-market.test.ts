/** Another market that would have this gateway sign, send or ask what it should not. */
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { startChild, type ChildWorld } from '../plugin/child-world.fixture.ts'
import { outsideWallet } from '../plugin/outside-wallet.fixture.ts'
import { makeHome, type RunningWorld } from '../plugin/running-world.fixture.ts'
import {
  inJson,
  tamperingProxy,
  type Tamper,
  type TamperingProxy,
} from '../plugin/tampering-proxy.fixture.ts'
import { bad, good, offerOf, publishAsNode, testWorld } from '../plugin/world.fixture.ts'
import { sendJson, upstream } from '../provider/backends/upstream-fixture.ts'

let there: ChildWorld
let proxy: TamperingProxy
let here: RunningWorld
let search: string
const api = '/web3/api/web3.resources.'
const queryPath = '/web3/resources/search/query'

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

const wish = (more: object = {}) => ({ resourceId: search, ttlMs: 3_600_000, maxCost: '50000', ...more })

it('a quote is not signed for other terms than it was given for, whatever its market would take', async () => {
  const { quoteId } = good(await here.call('web3.resources.quote', wish({ market: 'other' })))
  const asked: string[] = []
  proxy.tamper((path, reply) => {
    asked.push(path)
    return reply
  })
  for (const more of [{ ttlMs: 3_600_001 }, { maxCost: '50001' }]) {
    expect(bad(await here.call('web3.resources.lease', wish({ quoteId, ...more })))).toMatchObject({
      error: 'E_CONFLICT',
    })
  }
  expect(asked).not.toContain(`${api}lease`)
  expect(here.running.web3.vault().list()).toEqual([])
})

it('a redirect is followed nowhere, neither with a signature nor with a token', async () => {
  good(await here.call('web3.resources.lease', wish()))
  const visits: string[] = []
  const { origin } = await upstream((request, response) => {
    visits.push(request.url ?? '')
    sendJson(response, 200, { ok: true, leases: [], results: [] })
  })
  const redirected =
    (path: string): Tamper =>
    (at, reply) =>
      at === path ? { ...reply, status: 307, headers: { location: `${origin}${path}` } } : reply
  proxy.tamper(redirected(`${api}leases`))
  expect(bad(await here.call('web3.resources.leases', { market: 'other' }))).toMatchObject({
    error: 'E_UNAVAILABLE',
  })
  proxy.tamper(redirected(queryPath))
  expect(bad(await here.call('web3.search.query', { q: 'tides' }))).toMatchObject({
    error: 'E_OUTCOME_UNKNOWN',
  })
  expect(visits).toEqual([])
})

it('that calls its lease by the id of one of ours does not keep us from ending ours', async () => {
  const wallet = outsideWallet(here)
  await here.fund(wallet.actorId, 10_000n)
  await wallet.signIn()
  const { token: _, ...terms } = await wallet.wish(await publishAsNode(here, 'search'), '5000')
  const { leaseId } = good((await wallet.api('web3.resources.lease', terms)).body)
  proxy.tamper(inJson(`${api}lease`, (json) => ({ ...json, leaseId })))
  expect(bad(await here.call('web3.resources.lease', wish()))).toMatchObject({ error: 'E_CONFLICT' })
  expect(good(await here.call('web3.resources.revokeLease', { leaseId }))).toMatchObject({
    market: 'local',
    lease: { status: 'lease_revoked' },
  })
})
