/** A market on the file store for any OpenAI client; gateway.test.ts has the one on sqlite. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { startDemoUpstream, type DemoUpstream } from './demo-upstream.fixture.ts'
import { bootMarket, freePort, temporaryDirectory, type MarketGateway } from './market-gateway.fixture.ts'
import { openAiClientTests } from './openai-client.fixture.ts'

describe('a lease of a market on the file store', () => {
  const home = temporaryDirectory('openai-client-test')
  let upstream: DemoUpstream
  let gateway: MarketGateway
  let listener: string

  beforeAll(async () => {
    upstream = await startDemoUpstream()
    const port = await freePort()
    listener = `http://127.0.0.1:${port}`
    const demo = { driver: 'openai-compat', baseUrl: upstream.baseUrl, model: 'demo-1' }
    gateway = await bootMarket({
      dir: join(home.path, 'gateway'),
      store: 'file',
      web3: { provider: { listen: { port }, backends: { demo } } },
    })
  })
  afterAll(async () => {
    await gateway?.host.stop()
    await upstream?.close()
    home.remove()
  })

  openAiClientTests(() => ({ gateway, listener, upstream }))
})
