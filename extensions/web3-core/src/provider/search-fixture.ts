/** A leased search in front of an upstream that counts how often it is asked. */
import { sendJson, upstream } from './backends/upstream-fixture.ts'
import { searxngBackend } from './backends/searxng.ts'
import {
  door,
  fundedConsumer,
  lease,
  publish,
  testMarket,
  type Offered,
  type TestMarket,
} from './provider-fixture.ts'

export const q = { q: 'words' }

export async function searching(offered: Partial<Offered> = {}, test?: TestMarket) {
  const market = test ?? (await testMarket())
  let asked = 0
  const { origin } = await upstream((_request, response) => {
    asked += 1
    sendJson(response, 200, { results: [{ title: `Answer ${asked}`, url: 'https://example.org/' }] })
  })
  const at = await door(market, { main: searxngBackend({ config: { baseUrl: origin } }) })
  const consumer = await fundedConsumer(market)
  const resourceId = await publish(market, { kind: 'search', prices: [['query', 100]], ...offered })
  const leased = await lease(market, consumer, resourceId)
  return { test: market, at, consumer, resourceId, leased, asked: () => asked }
}
