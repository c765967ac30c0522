import { describe, expect, it } from 'vitest'
import { searxngBackend } from './backends/searxng.ts'
import { sendJson, upstream } from './backends/upstream-fixture.ts'
import { door, fundedConsumer, lease, publish, stateOf, storeKinds, testMarket } from './provider-fixture.ts'

describe.each(storeKinds)('a leased search on the %s store', (store) => {
  it('answers, bills and says what it cost', async () => {
    const { origin } = await upstream((_request, response) =>
      sendJson(response, 200, {
        results: [{ title: 'A page', url: 'https://example.org/', content: 'words' }],
      }),
    )
    const test = await testMarket(store)
    const { url } = await door(test, { main: searxngBackend({ config: { baseUrl: origin } }) })
    const { leaseId, token } = await lease(
      test,
      await fundedConsumer(test),
      await publish(test, { kind: 'search', prices: [['query', 700]] }),
    )
    const response = await fetch(`${url}/web3/resources/search/query`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'x-openclaw-request-id': 'search-0001',
      },
      body: JSON.stringify({ q: 'words', limit: 3 }),
    })
    expect(await response.json()).toEqual({
      ok: true,
      results: [{ title: 'A page', url: 'https://example.org/', snippet: 'words' }],
    })
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-openclaw-request-id': 'search-0001',
      'x-openclaw-cost': '700',
      'x-openclaw-currency': 'USDC',
      'x-openclaw-seq': '1',
      'x-openclaw-usage': '[{"unit":"query","quantity":"1"}]',
    })
    const { lease: after, usage } = await stateOf(test, leaseId)
    expect(after).toMatchObject({ metered: 700n, reserved: 0n, openCalls: 0 })
    expect(usage).toMatchObject([{ seq: 1, cost: 700n, outcome: 'done', requestId: 'search-0001' }])
  })
})
