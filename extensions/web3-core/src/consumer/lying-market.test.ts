/** Another market that would have this gateway sign, send or ask what it should not. */
import { expect, it } from 'vitest'
import { outsideWallet } from '../plugin/outside-wallet.fixture.ts'
import { inJson, type Tamper } from '../plugin/tampering-proxy.fixture.ts'
import { bad, good, publishAsNode } from '../plugin/world.fixture.ts'
import { sendJson, upstream } from '../provider/backends/upstream-fixture.ts'
import { api, besideAnotherMarket, here, proxy, queryPath, wish } from './lying-market.fixture.ts'

besideAnotherMarket()

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
