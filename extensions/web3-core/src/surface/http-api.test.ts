import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { outsideWallet, post } from '../plugin/outside-wallet.fixture.ts'
import type { RunningWorld } from '../plugin/running-world.fixture.ts'
import { bad, offerOf, publishAsNode, rootOf, testWorld } from '../plugin/world.fixture.ts'

async function raw(url: string, method: string, init: RequestInit) {
  const response = await fetch(`${url}/web3/api/${method}`, init)
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  }
}

/** A request that must not change anything. */
async function unchanged<T>(world: RunningWorld, ask: () => Promise<T>): Promise<T> {
  const before = await rootOf(world)
  const answer = await ask()
  expect(await rootOf(world), 'nothing written').toBe(before)
  return answer
}

const json = { 'content-type': 'application/json' }

describe('what is no call', () => {
  it('an unknown method, another verb, and another path', async () => {
    const world = await testWorld()
    const { url } = world
    const unknown = await unchanged(world, () => post(url, 'web3.nothing.here', { any: 1 }))
    expect([unknown.status, unknown.body]).toMatchObject([404, { error: 'E_NOT_FOUND' }])
    expect(unknown.headers.get('allow')).toBeNull()
    for (const verb of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      const { status, headers, body } = await raw(url, 'web3.capabilities.list', { method: verb })
      expect([status, headers.get('allow'), body]).toMatchObject([405, 'POST', { error: 'E_NOT_FOUND' }])
    }
    expect(await raw(url, '../elsewhere', { method: 'POST' })).toMatchObject({
      status: 404,
      body: { ok: false },
    })
    expect(await raw(url, 'toString', { method: 'POST', headers: json, body: '{}' })).toMatchObject({
      status: 404,
    })
  })

  it('operators’ methods and what only the owner’s doors open do not exist here, or are forbidden', async () => {
    const world = await testWorld()
    const wallet = outsideWallet(world)
    await wallet.signIn()
    for (const name of ['market.account.deposit', 'market.lease.issue', 'web3.identity.spendNonce']) {
      expect(await wallet.api(name, {})).toMatchObject({ status: 404, body: { error: 'E_NOT_FOUND' } })
    }
    const chat = { messages: [{ role: 'user', content: 'hello' }] }
    for (const [name, params] of [
      ['web3.search.query', { q: 'x' }],
      ['web3.model.chat', chat],
    ] as const) {
      const { status, body } = await unchanged(world, () => wallet.api(name, params))
      expect([status, body]).toMatchObject([403, { error: 'E_FORBIDDEN' }])
    }
  })

  it('another content type, a compressed body, or none', async () => {
    const { url } = await testWorld()
    const method = 'web3.capabilities.list'
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', '']) {
      const { status, body } = await raw(url, method, {
        method: 'POST',
        headers: { 'content-type': type },
        body: '{}',
      })
      expect([status, body]).toMatchObject([415, { error: 'E_UNSUPPORTED_MEDIA' }])
    }
    const zipped = { ...json, 'content-encoding': 'gzip' }
    expect((await raw(url, method, { method: 'POST', headers: zipped, body: '{}' })).status).toBe(415)
    expect((await raw(url, method, { method: 'POST', headers: json })).status).toBe(200)
    const charset = { 'content-type': 'application/json; charset=utf-8' }
    expect((await raw(url, method, { method: 'POST', headers: charset, body: '{}' })).status).toBe(200)
  })

  it('a body beyond the bound is refused with an answer that arrives, said and unsaid', async () => {
    const world = await testWorld()
    const big = JSON.stringify({ group: 'x'.repeat(1_048_576) })
    const said = await unchanged(world, () => post(world.url, 'web3.capabilities.list', big))
    expect([said.status, said.body]).toMatchObject([
      413,
      { error: 'E_PAYLOAD_TOO_LARGE', details: { maxBytes: 1_048_576 } },
    ])
    expect(await chunked(world.url, big)).toMatch(/^HTTP\/1.1 413 .*E_PAYLOAD_TOO_LARGE/s)
    expect((await post(world.url, 'web3.capabilities.list', {})).status).toBe(200)
  })

  it.each([
    ['{', 'json'],
    ['{"a":1}}', 'json'],
    ['null', 'type'],
    ['[]', 'type'],
    ['"text"', 'type'],
    ['1', 'type'],
    [`${'['.repeat(5_000)}${']'.repeat(5_000)}`, 'depth'],
  ])('%.20s is no parameters', async (body, rule) => {
    const world = await testWorld()
    const answer = await unchanged(world, () => post(world.url, 'web3.resources.list', body))
    expect([answer.status, answer.body]).toMatchObject([
      400,
      { error: 'E_INVALID_ARGUMENT', details: { pointer: '', rule } },
    ])
  })
})

/** Sends a body in chunks, without saying how long it is, and reads what comes back. */
function chunked(url: string, body: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.setEncoding('utf8').on('data', (part: string) => (answer += part))
    socket.on('end', () => resolve(answer)).on('error', reject)
    socket.write(
      `POST /web3/api/web3.capabilities.list HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\n`,
    )
    socket.write('transfer-encoding: chunked\r\n\r\n')
    for (let at = 0; at < body.length; at += 65_536) {
      const part = body.slice(at, at + 65_536)
      socket.write(`${part.length.toString(16)}\r\n${part}\r\n`)
    }
    socket.write('0\r\n\r\n')
  })
}

describe('parameters that break the schema', () => {
  const resource = offerOf('search').resource
  it.each([
    ['web3.resources.list', { kind: 'car' }, '/kind', 'enum'],
    ['web3.resources.list', { limit: 0 }, '/limit', 'minimum'],
    ['web3.resources.list', { limit: 201 }, '/limit', 'maximum'],
    ['web3.resources.list', { limit: 1.5 }, '/limit', 'type'],
    ['web3.resources.list', { limit: '5' }, '/limit', 'type'],
    [
      'web3.resources.list',
      { actorId: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' },
      '/actorId',
      'additionalProperties',
    ],
    ['web3.resources.get', {}, '/resourceId', 'required'],
    ['web3.resources.get', { resourceId: 'car_1' }, '/resourceId', 'pattern'],
    ['web3.siwe.challenge', { address: '0x1234' }, '/address', 'format'],
    ['web3.resources.publish', { resource: { ...resource, label: '' } }, '/resource/label', 'minLength'],
    [
      'web3.resources.publish',
      { resource: { ...resource, owner: 'me' } },
      '/resource/owner',
      'additionalProperties',
    ],
    [
      'web3.resources.publish',
      { resource: { ...resource, prices: [{ unit: 'query', amount: '0.5', per: '1', currency: 'USDC' }] } },
      '/resource/prices/0/amount',
      'format',
    ],
    ['web3.resources.lease', { ttlMs: 60_000, maxCost: '5' }, '/resourceId', 'required'],
    ['web3.resources.completeLease', { leaseId: 7 }, '/leaseId', 'type'],
    ['web3.status.summary', { verbose: true }, '/verbose', 'additionalProperties'],
    ['web3.status.summary', JSON.parse('{"__proto__":{}}') as object, '/__proto__', 'additionalProperties'],
  ])('%s %j: %s, %s', async (method, params, pointer, rule) => {
    const world = await testWorld()
    const { status, body } = await unchanged(world, () => post(world.url, method, params))
    expect(status).toBe(400)
    expect(bad(body)).toMatchObject({
      error: 'E_INVALID_ARGUMENT',
      details: { pointer, rule },
      hint: expect.any(String),
    })
    expect(bad(body).message.startsWith(pointer)).toBe(true)
  })
})

it('who is asking is no parameter of any call', async () => {
  const world = await testWorld()
  const actorId = world.market.address
  const callable = world.running.web3.registry.capabilities.filter(({ facts }) => facts.doors.includes('api'))
  expect(callable.length).toBeGreaterThan(10)
  for (const { contract, facts } of callable) {
    const answer = await unchanged(world, () =>
      post(world.url, contract.name, { ...facts.examples.valid, actorId }),
    )
    expect([answer.status, answer.body], contract.name).toMatchObject([
      400,
      { details: { pointer: '/actorId', rule: 'additionalProperties' } },
    ])
  }
})

describe('how often, and when nobody is there', () => {
  it('beyond the rate: 429 and when to come again; the body is not read', async () => {
    const world = await testWorld({ config: { api: { maxRequestsPerMinute: 3 } } })
    const ask = () => post(world.url, 'web3.capabilities.list', {})
    for (let i = 0; i < 3; i++) expect((await ask()).status).toBe(200)
    const { status, headers, body } = await unchanged(world, ask)
    expect([status, body]).toMatchObject([429, { error: 'E_RATE_LIMITED', details: { perMinute: 3 } }])
    expect(Number(headers.get('retry-after'))).toBe(20)
    expect(JSON.stringify(body)).not.toContain('lease')
    world.clock.ahead += 20_000
    expect((await ask()).status).toBe(200)
  })

  it('while the market is off all say so, and the descriptions still answer', async () => {
    const world = await testWorld()
    await publishAsNode(world, 'search')
    const wallet = outsideWallet(world)
    const session = await wallet.signIn()
    await world.stopMarket()
    for (const headers of [{}, { authorization: `Bearer ${session}` }]) {
      const { status, body } = await post(world.url, 'web3.resources.list', {}, headers)
      expect([status, body]).toMatchObject([
        503,
        { error: 'E_UNAVAILABLE', message: 'the market is not running' },
      ])
    }
    const { body } = await post(world.url, 'web3.capabilities.describe', { name: 'web3.resources.list' })
    expect(body).toMatchObject({
      ok: true,
      capabilities: [{ availability: { available: false, reason: expect.any(String) } }],
    })
  })

  it('a config with a mistake is the operator’s to read, not an outsider’s', async () => {
    const world = await testWorld({ config: { marketplaces: [], provider: { listen: { port: 0 } } } })
    expect(bad(await world.call('web3.resources.list'))).toMatchObject({
      error: 'E_NOT_CONFIGURED',
      details: { problems: [{ key: '/marketplaces' }] },
    })
    expect(world.log.join('\n')).toContain('config /marketplaces: unknown field')
    expect(world.running.web3.site.url).toBe('http://127.0.0.1:9')
  })
})
