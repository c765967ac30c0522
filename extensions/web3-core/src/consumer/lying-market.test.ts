/** Another market that would have this gateway sign, send or ask what it should not. */
import { expect, it, vi } from 'vitest'
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

it('what is signed, locked and counted is one figure: less than a quote is a quote of its own', async () => {
  const allow = { per: 'day', currency: 'USDC', limit: '60000', above: 'ask' }
  good(await here.call('web3.billing.policy.set', { allow }))
  const { quoteId } = good(await here.call('web3.resources.quote', wish({ market: 'other' })))
  const signs = vi.spyOn(here.market.prover, 'sign')
  const { leaseId } = good(await here.call('web3.resources.lease', wish({ quoteId, maxCost: '20000' })))
  const over = (maxCost: bigint) => expect.objectContaining({ message: expect.objectContaining({ maxCost }) })
  expect(signs).toHaveBeenCalledWith(over(20_000n))
  expect(signs).not.toHaveBeenCalledWith(over(50_000n))
  expect(good(await here.call('web3.resources.leases'))).toMatchObject({
    leases: [{ leaseId, maxCost: '20000' }],
  })
  const { allowances } = good(await here.call('web3.billing.policy.get'))
  expect(allowances).toMatchObject([{ used: '20000' }])
})

it('a wish above its quote is refused with both figures, before the owner is asked for it', async () => {
  const allow = { per: 'day', currency: 'USDC', limit: '10', above: 'ask' }
  good(await here.call('web3.billing.policy.set', { allow }))
  const { quoteId } = good(await here.call('web3.resources.quote', wish({ market: 'other' })))
  expect(bad(await here.call('web3.resources.lease', wish({ quoteId, maxCost: '50001' })))).toMatchObject({
    error: 'E_CONFLICT',
    message: 'the quote is for a maxCost of at most 50000',
    details: { pointer: '/maxCost', quoted: '50000' },
  })
  expect(good(await here.call('web3.billing.policy.get'))).toMatchObject({ approvals: [] })
})

it('a quote that is over is not renewed behind the back of whoever names it', async () => {
  const { quoteId } = good(await here.call('web3.resources.quote', wish({ market: 'other' })))
  here.clock.ahead += 3_600_000
  expect(bad(await here.call('web3.resources.lease', wish({ quoteId, maxCost: '20000' })))).toMatchObject({
    error: 'E_EXPIRED',
  })
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
