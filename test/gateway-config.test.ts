/** A config with a mistake: the gateway starts, and our part says which key and why. */
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  record,
  temporaryDirectory,
  text,
  bootPlain,
  withCalls,
  type MarketGateway,
} from './market-gateway.fixture.ts'

const home = temporaryDirectory('gateway-config-test')
afterAll(() => home.remove())

type Unasked = Omit<MarketGateway, 'address'>

async function post(url: string, token?: string): Promise<readonly [number, Record<string, unknown>]> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: '{}',
  })
  return [response.status, record(await response.json())]
}

describe('market-core with a currency declared twice, beside a web3-core whose port is taken', () => {
  const taken = createServer()
  let gateway: Unasked
  let port: number

  beforeAll(async () => {
    taken.listen(0, '127.0.0.1')
    await new Promise((resolve) => void taken.once('listening', resolve))
    const address = taken.address()
    port = typeof address === 'object' && address !== null ? address.port : 0
    const usdc = { symbol: 'USDC', decimals: 6 }
    gateway = withCalls(
      await bootPlain({
        dir: join(home.path, 'gateway'),
        store: 'sqlite',
        market: { currencies: [usdc, usdc] },
        web3: { provider: { listen: { port } } },
      }),
    )
  })
  afterAll(async () => {
    await gateway.host.stop()
    taken.close()
  })

  const problem = { key: '/currencies/1/symbol', problem: 'is declared twice' }

  it.each(['market.status.summary', 'web3.resources.list', 'web3.status.summary'])(
    '%s names the key and why',
    async (method) => {
      const refused = await gateway.refusal(method)
      expect(refused.code).toBe('E_NOT_CONFIGURED')
      expect(refused.message).toContain('/currencies/1/symbol is declared twice')
      expect(refused.details).toMatchObject({ details: { plugin: 'market-core', problems: [problem] } })
      expect(refused.details['hint']).toContain('plugins.entries.market-core.config')
    },
  )

  it('describes itself all the same, and says that nothing is available', async () => {
    const { capabilities } = await gateway.call('web3.capabilities.describe', { name: 'web3.resources.list' })
    const [descriptor] = capabilities as readonly Record<string, unknown>[]
    expect(descriptor?.['availability']).toMatchObject({
      available: false,
      reason: expect.stringMatching(/^the market is not configured(?!.*currencies)/),
    })
  })

  it('tells an outsider that it does not run, and not why', async () => {
    for (const path of ['/web3/resources/search/query', '/web3/api/web3.resources.list']) {
      const [status, body] = await post(`${gateway.host.url}${path}`, `tok_${'a'.repeat(43)}`)
      expect([status, body['error']], path).toEqual([503, 'E_UNAVAILABLE'])
      expect(JSON.stringify(body), path).not.toContain('currencies')
    }
  })

  it('says in the log which keys of both, and why', () => {
    const log = gateway.host.log()
    expect(log).toContain('the market is off: /currencies/1/symbol is declared twice')
    expect(log).toContain('config /provider/listen: cannot listen there (EADDRINUSE)')
  })
})

describe('web3-core with a key that it does not know', () => {
  let gateway: Unasked
  beforeAll(async () => {
    gateway = withCalls(
      await bootPlain({
        // After the first one has stopped: the host boots faster where it has been before.
        dir: join(home.path, 'gateway'),
        store: 'file',
        web3: { provider: { listen: { port: 0 }, backend: {} } },
      }),
    )
  })
  afterAll(() => gateway.host.stop())

  it.each(['web3.resources.list', 'web3.billing.summary', 'web3.search.query'])(
    '%s names the key and why',
    async (method) => {
      const refused = await gateway.refusal(method, method === 'web3.search.query' ? { q: 'moon' } : {})
      expect(refused.code).toBe('E_NOT_CONFIGURED')
      expect(refused.message).toContain('/provider/backend unknown field')
      expect(refused.details['hint']).toContain('plugins.entries.web3-core.config')
    },
  )

  it('leaves the market itself running', async () => {
    expect(text((await gateway.call('market.status.summary'))['market'])).toMatch(/^0x/)
    expect(gateway.host.log()).toContain('config /provider/backend: unknown field')
  })
})
