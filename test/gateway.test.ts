/** What the two plugins are in the real host: one market behind methods, tools, routes and the command line. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generatePrivateKey } from 'viem/accounts'
import { parseJson, type JsonRecord } from '../scripts/gateway/json-value.ts'
import type { OperatorScope } from '../scripts/gateway/rpc-client.ts'
import { commandLineTests } from './command-line.fixture.ts'
import { startDemoUpstream, type DemoUpstream } from './demo-upstream.fixture.ts'
import {
  bootMarket,
  freePort,
  list,
  record,
  temporaryDirectory,
  text,
  type MarketGateway,
} from './market-gateway.fixture.ts'
import { balanceOf, deposit, publishDelegated, search, writeDocs } from './offers.fixture.ts'
import { openAiClientTests } from './openai-client.fixture.ts'
import { good, outsideWallet, type OutsideWallet } from './outside-wallet.fixture.ts'

const home = temporaryDirectory('gateway-test')
const reading: readonly OperatorScope[] = ['operator.read']
const writing: readonly OperatorScope[] = ['operator.read', 'operator.write']
/** Of the right form, and nobody's. */
const noResource = 'res_00000000000000000000000000'
const noLease = 'lease_00000000000000000000000000'

let upstream: DemoUpstream
let gateway: MarketGateway
let listener: string
let provider: OutsideWallet
let resourceId: string

beforeAll(async () => {
  upstream = await startDemoUpstream()
  const port = await freePort()
  listener = `http://127.0.0.1:${port}`
  provider = outsideWallet(listener, generatePrivateKey())
  const docs = { driver: 'local-docs', directory: writeDocs(home.path), publishers: [provider.address] }
  gateway = await bootMarket({
    dir: join(home.path, 'gateway'),
    store: 'sqlite',
    web3: {
      provider: {
        listen: { port },
        backends: {
          docs,
          gone: { ...docs, directory: join(home.path, 'gone') },
          demo: { driver: 'openai-compat', baseUrl: upstream.baseUrl, model: 'demo-1' },
        },
      },
    },
  })
  await provider.signIn()
  resourceId = await publishDelegated(provider, gateway, search('docs', '1000'))
  await deposit(gateway, gateway.address, '1000000')
})

afterAll(async () => {
  await gateway?.host.stop()
  await upstream?.close()
  home.remove()
})

/** The envelope that a tool answered. */
async function tool(name: string, args: JsonRecord, scopes?: readonly OperatorScope[]): Promise<JsonRecord> {
  const params = { name, args, sessionKey: 'agent:main:main' }
  const { output } = await gateway.call('tools.invoke', params, scopes)
  const [content] = list(record(output)['content'])
  return record(parseJson(text(content?.['text'])))
}

const wish = (maxCost: string) => ({
  name: 'web3.resources.lease',
  params: { resourceId, ttlMs: 600_000, maxCost },
})

describe('one market', () => {
  it('stands behind tools, methods and routes: a lease that a tool takes is the lease that a method shows, and the route serves', async () => {
    const before = await balanceOf(gateway, gateway.address)
    const taken = await tool('web3_call', wish('5000'))
    expect(taken).toMatchObject({ ok: true, stored: true, market: 'local' })

    const found = await tool('web3_search', { q: 'moon', leaseId: taken['leaseId'] })
    expect(list(found['results']).map(({ title }) => title)).toEqual(['Tides'])
    expect(found['servedBy']).toMatchObject({ source: 'lease', cost: '1000', agrees: true })

    const { leases } = await gateway.call('web3.resources.leases')
    const lease = list(leases).find(({ leaseId }) => leaseId === taken['leaseId'])
    expect(lease).toMatchObject({ status: 'lease_active', metered: '1000', remaining: '4000' })
    const done = await gateway.call('web3.resources.completeLease', { leaseId: taken['leaseId'] })
    expect(record(done['lease'])).toMatchObject({ settlementStatus: 'settlement_released' })
    const after = await balanceOf(gateway, gateway.address)
    expect(BigInt(text(before['available'])) - BigInt(text(after['available']))).toBe(1000n)
    expect(await tool('web3_call', { name: 'web3.billing.summary' })).toMatchObject({
      currencies: [{ spent: '1000' }],
    })
  })
})

describe('a backend whose folder is missing', () => {
  it('is named with the reason, cannot be published over, and hinders nothing else', async () => {
    const { problems, backends } = await gateway.call('web3.status.summary')
    expect(problems).toEqual([
      { key: '/provider/backends/gone/directory', problem: expect.stringContaining('does not exist') },
    ])
    expect(backends).toEqual([
      { name: 'docs', kind: 'search' },
      { name: 'demo', kind: 'model' },
    ])
    const refused = await gateway.refusal('web3.resources.publish', { resource: search('gone', '1') })
    expect(refused).toMatchObject({
      code: 'E_NOT_CONFIGURED',
      details: { details: { usable: ['docs', 'demo'] } },
    })
  })
})

describe('who may spend', () => {
  it('a tool call whose sender is not proved to be the owner reads, and spends nothing', async () => {
    const before = await balanceOf(gateway, gateway.address)
    const seen = await tool('web3_call', { name: 'web3.resources.list', params: { kind: 'search' } }, writing)
    expect(list(seen['resources']).map((resource) => resource['resourceId'])).toEqual([resourceId])
    const refused = { ok: false, error: 'E_FORBIDDEN', details: { rule: 'owner-only' } }
    expect(await tool('web3_call', wish('5000'), writing)).toMatchObject(refused)
    expect(await tool('web3_search', { q: 'moon' }, writing)).toMatchObject(refused)
    expect(await balanceOf(gateway, gateway.address)).toEqual(before)
    const { leases } = await gateway.call('web3.resources.leases', { status: 'lease_active' })
    expect(leases).toEqual([])
  })

  it('says what is wrong with the parameters before it says who may not', async () => {
    const refused = await tool('web3_call', { name: 'web3.resources.lease', params: { resourceId } }, writing)
    expect(refused).toMatchObject({
      error: 'E_INVALID_ARGUMENT',
      details: { pointer: '/ttlMs', rule: 'required' },
    })
  })

  it('nobody leases from itself', async () => {
    const resource = search('docs', '1')
    const own = await gateway.call('web3.resources.publish', { resource })
    const params = { resourceId: own['resourceId'], ttlMs: 600_000, maxCost: '10' }
    expect(await gateway.refusal('web3.resources.lease', params)).toMatchObject({ code: 'E_FORBIDDEN' })
    await gateway.call('web3.resources.unpublish', { resourceId: own['resourceId'] })
  })
})

describe('scopes', () => {
  it('operator.read reads web3.* and writes nothing', async () => {
    expect(await gateway.call('web3.resources.list', {}, reading)).toMatchObject({ ok: true })
    const denied = { code: 'FORBIDDEN', details: { missingScope: 'operator.write' } }
    const lease = { resourceId, ttlMs: 600_000, maxCost: '5000' }
    for (const [method, params] of [
      ['web3.resources.lease', lease],
      ['web3.resources.publish', { resource: search('docs', '1') }],
      ['web3.search.query', { q: 'moon' }],
      ['web3.resources.completeLease', { leaseId: noLease }],
    ] as const) {
      expect(await gateway.refusal(method, params, reading), method).toMatchObject(denied)
    }
  })

  it('market.* takes operator.admin, even to read', async () => {
    const denied = { code: 'FORBIDDEN', details: { missingScope: 'operator.admin' } }
    const grant = { to: provider.address, currency: 'USDC', amount: '1', reason: 'none' }
    expect(await gateway.refusal('market.status.summary', {}, writing)).toMatchObject(denied)
    expect(await gateway.refusal('market.account.deposit', grant, writing)).toMatchObject(denied)
    expect(await gateway.call('market.status.summary')).toMatchObject({ market: gateway.address })
  })
})

describe('errors over RPC', () => {
  it.each([
    [
      'an unknown field',
      'market.status.summary',
      { nope: 1 },
      'E_INVALID_ARGUMENT',
      { pointer: '/nope', rule: 'additionalProperties' },
    ],
    [
      'a wrong type',
      'web3.resources.list',
      { limit: '5' },
      'E_INVALID_ARGUMENT',
      { pointer: '/limit', rule: 'type' },
    ],
    [
      'out of range',
      'web3.resources.list',
      { limit: 201 },
      'E_INVALID_ARGUMENT',
      { pointer: '/limit', rule: 'maximum' },
    ],
    ['what does not exist', 'web3.resources.get', { resourceId: noResource }, 'E_NOT_FOUND', undefined],
    ["what is nobody's", 'web3.resources.status', { leaseId: noLease }, 'E_NOT_FOUND', undefined],
  ])('%s: the code, and the whole envelope in the details', async (_what, method, params, code, details) => {
    const refused = await gateway.refusal(method, params)
    expect(refused.code).toBe(code)
    expect(refused.details).toMatchObject({
      ok: false,
      error: code,
      message: refused.message,
      hint: expect.any(String),
    })
    if (details !== undefined) expect(refused.details['details']).toMatchObject(details)
  })
})

describe('HTTP, through the listener and through the port of the gateway', () => {
  const doors = () =>
    [
      ['the listener', listener],
      ['the gateway', gateway.host.url],
    ] as const

  it('what is not there is our own 404', async () => {
    for (const [door, base] of doors()) {
      for (const path of ['/web3', '/web3/', '/web3/anything-unknown', '/web3/api', '/web3/resources/none']) {
        const response = await fetch(base + path)
        expect(response.status, `${door} ${path}`).toBe(404)
        expect(await response.json(), `${door} ${path}`).toMatchObject({ ok: false, error: 'E_NOT_FOUND' })
      }
      const openai = await fetch(`${base}/web3/v1/none`)
      expect([openai.status, await openai.json()]).toMatchObject([404, { error: { code: 'E_NOT_FOUND' } }])
    }
    expect((await fetch(listener)).status).toBe(404)
  })

  it('a wallet signs in, or signs one request, and neither is taken twice', async () => {
    for (const [door, base] of doors()) {
      const wallet = outsideWallet(base)
      expect(await wallet.api('web3.resources.leases'), door).toMatchObject({ status: 401 })
      await wallet.signIn()
      expect(good(await wallet.api('web3.resources.leases'))['leases'], door).toEqual([])
      expect(good(await wallet.api('web3.siwe.logout')), door).toMatchObject({ ended: true })
      expect(await wallet.api('web3.resources.leases'), door).toMatchObject({
        status: 401,
        body: { error: 'E_AUTH_REQUIRED' },
      })

      const other = outsideWallet(base)
      const nonce = `nonce-of-this-test-${base.slice(-5).replaceAll(':', '-')}`
      expect(await other.signed('web3.status.summary', {}, nonce), door).toMatchObject({ status: 200 })
      expect(await other.signed('web3.status.summary', {}, nonce), door).toMatchObject({ status: 401 })
    }
  })

  it('a session opens the market to its own wallet alone', async () => {
    const wallet = outsideWallet(gateway.host.url)
    await wallet.signIn()
    await deposit(gateway, wallet.address, '5000')
    const { leaseId } = await wallet.lease(resourceId, '2000')
    const other = outsideWallet(gateway.host.url)
    await other.signIn()
    for (const [method, params] of [
      ['web3.resources.status', { leaseId }],
      ['web3.resources.completeLease', { leaseId }],
      ['web3.resources.revokeLease', { leaseId }],
    ] as const) {
      const answer = await other.api(method, params)
      const none = await other.api(method, { leaseId: noLease })
      expect(answer, method).toMatchObject({ status: 404, body: { error: 'E_NOT_FOUND' } })
      expect(text(answer.body['message']).replace(leaseId, noLease), method).toBe(none.body['message'])
    }
    good(await wallet.api('web3.resources.completeLease', { leaseId }))
  })
})

commandLineTests(() => ({ gateway, listener, resourceId }))

// Last: from here on there is a model beside the search.
describe('a lease of a market on the sqlite store', () => {
  openAiClientTests(() => ({ gateway, listener, upstream }))
})
