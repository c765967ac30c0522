import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { revokeLease, completeLease } from '@openclaw-market/market-core'
import { MarketError } from '@openclaw-market/protocol/errors'
import { describe, expect, it, onTestFinished } from 'vitest'
import { localDocsBackend } from './backends/local-docs.ts'
import { get, paths, post, replyOf, request } from './client-fixture.ts'
import { door, lease, stateOf, temporaryDirectory } from './provider-fixture.ts'
import { q, searching } from './search-fixture.ts'

describe('which paths are ours', () => {
  it('leaves all others to the host', async () => {
    const { at } = await searching()
    const host = createServer((incoming, response) => {
      void at.handler(incoming, response).then((ours) => (ours ? undefined : response.end('the host')))
    })
    host.listen(0, '127.0.0.1')
    await once(host, 'listening')
    onTestFinished(() => void host.close())
    const origin = `http://127.0.0.1:${(host.address() as AddressInfo).port}`
    for (const path of [
      '/',
      '/web3',
      '/web3/',
      '/web3/api/web3.status.summary',
      '/web3/resources',
      '/web3x/resources/',
    ]) {
      expect(await (await fetch(origin + path)).text()).toBe('the host')
    }
    expect((await fetch(`${origin}/web3/resources/nothing`)).status).toBe(404)
  })

  it('has one way to write each path', async () => {
    const { at, leased } = await searching()
    const { hostname, port } = new URL(at.url)
    for (const path of [
      '/web3/resources/search//query',
      '/web3/resources/x/../search/query',
      '/web3/resources/%73earch/query',
      '/web3/resources/search/query/',
      '/web3/resources/SEARCH/query',
    ]) {
      // fetch would resolve the dots before it asks.
      const asked = httpRequest({
        hostname,
        port,
        path,
        method: 'POST',
        headers: { authorization: `Bearer ${leased.token}` },
      })
      asked.end()
      const [response] = (await once(asked, 'response')) as [IncomingMessage]
      expect([path, response.statusCode]).toEqual([path, 404])
      response.resume()
    }
  })

  it('says which method it takes', async () => {
    const { at, leased } = await searching()
    for (const [method, path, allow] of [
      ['GET', paths.search, 'POST'],
      ['PUT', paths.put, 'POST'],
      ['POST', `${paths.get}?path=a`, 'GET'],
      ['HEAD', `${paths.get}?path=a`, 'GET'],
      ['DELETE', paths.completions, 'POST'],
      ['POST', paths.models, 'GET'],
    ] as const) {
      const reply = await replyOf(at, leased, await request(at, leased, method, path, undefined))
      expect([method, path, reply.status, reply.headers['allow']]).toEqual([method, path, 405, allow])
      if (method !== 'HEAD') expect(reply.text).toContain('E_NOT_FOUND')
    }
  })
})

describe('whose request it is', () => {
  it('is nobody’s without a token that somebody has, and hears nothing else', async () => {
    const { at } = await searching()
    const headers = [
      'Basic dG9rOng=',
      `Bearer tok_${'A'.repeat(43)}`,
      'Bearer ',
      `Bearer ${'A'.repeat(5_000)}`,
      'Bearer tok_a, Bearer tok_b',
    ].map((authorization) => ({ authorization }))
    for (const [given, path] of [{}, ...headers].flatMap((h) =>
      [paths.search, paths.chat].map((p) => [h, p] as const),
    )) {
      const sent = { method: 'POST', headers: given, body: 'x'.repeat(100_000) }
      const reply = await replyOf(at, { token: '' }, await fetch(at.url + path, sent))
      expect([given, reply.status, reply.headers['www-authenticate']]).toEqual([given, 401, 'Bearer'])
      expect(reply.json).toEqual({
        ok: false,
        error: 'E_AUTH_REQUIRED',
        message: 'this needs the token of a lease',
        hint: 'Send authorization: Bearer and the token of an active lease.',
      })
    }
  })

  it('reads any letter case of the scheme', async () => {
    const { at, leased } = await searching()
    const reply = await post(at, leased, paths.search, q, {
      headers: { authorization: `bearer ${leased.token}` },
    })
    expect(reply.status).toBe(200)
  })

  it('is refused on another kind of resource', async () => {
    const { at, leased, asked } = await searching()
    for (const path of [paths.put, paths.chat, paths.completions]) {
      const reply = await post(at, leased, path, q)
      expect([reply.status, reply.text.includes('E_FORBIDDEN')]).toEqual([403, true])
    }
    expect((await get(at, leased, paths.models)).status).toBe(403)
    expect(asked()).toBe(0)
  })

  it('is over when the lease is', async () => {
    const { test, at, consumer, resourceId, leased } = await searching()
    const other = await lease(test, consumer, resourceId)
    const third = await lease(test, consumer, resourceId, { ttlMs: 10_000 })
    await test.run(revokeLease, { leaseId: leased.leaseId }, consumer.who)
    await test.run(completeLease, { leaseId: other.leaseId }, consumer.who)
    test.clock.advance(10_000)
    const codes = []
    for (const each of [leased, other, third]) {
      const reply = await post(at, each, paths.search, q)
      codes.push([reply.status, reply.json['error']])
    }
    expect(codes).toEqual([
      [410, 'E_REVOKED'],
      [410, 'E_EXPIRED'],
      [410, 'E_EXPIRED'],
    ])
    const senseless = await post(at, leased, paths.search, { nothing: 'to search' })
    expect(senseless.status, 'before it is looked at what was asked').toBe(410)
  })
})

describe('what is not there', () => {
  it('is unavailable while the market does not run, whatever the reason', async () => {
    const { test, leased } = await searching()
    const at = await door(
      test,
      {},
      {
        market: () => {
          throw new MarketError('E_NOT_CONFIGURED', 'plugins.entries SECRET is wrong')
        },
      },
    )
    const reply = await post(at, leased, paths.search, q)
    expect([reply.status, reply.json['error']]).toEqual([503, 'E_UNAVAILABLE'])
    const v1 = await post(at, leased, paths.completions, q)
    expect([v1.status, v1.json['error']]).toMatchObject([
      503,
      { code: 'E_UNAVAILABLE', type: 'server_error', param: null },
    ])
  })

  it('is unavailable when the backend has left the config, or is of another kind, and costs nothing', async () => {
    const { test, leased } = await searching()
    const docs = localDocsBackend({ config: { directory: await temporaryDirectory() } })
    onTestFinished(() => docs.close())
    for (const backends of [{}, { other: docs }]) {
      const reply = await post(await door(test, backends), leased, paths.search, q)
      expect([reply.status, reply.json['error']]).toEqual([503, 'E_UNAVAILABLE'])
    }
    const { lease: after, calls } = await stateOf(test, leased.leaseId)
    expect([after.metered, after.reserved, calls]).toEqual([0n, 0n, []])
  })

  it('is the store’s trouble and not the caller’s', async () => {
    const { test, at, leased, asked } = await searching()
    expect((await post(at, leased, paths.search, q)).status).toBe(200)
    await test.close()
    const reply = await post(at, leased, paths.search, q)
    expect([reply.status, reply.json['error'], reply.json['message']]).toEqual([
      503,
      'E_UNAVAILABLE',
      'the provider cannot serve this lease at present',
    ])
    expect(at.reports).toEqual(['admission of a leased call: MarketError: the market refused: E_UNAVAILABLE'])
    expect(asked()).toBeLessThanOrEqual(2)
  })

  it('is not found below our paths', async () => {
    const { at, leased } = await searching()
    expect((await get(at, leased, '/web3/resources/agent/run')).json).toMatchObject({
      ok: false,
      error: 'E_NOT_FOUND',
    })
    expect((await get(at, leased, '/web3/v1/embeddings')).json).toMatchObject({
      error: { code: 'E_NOT_FOUND', type: 'not_found_error' },
    })
  })
})

describe('limits of the lease', () => {
  it('counts requests by the minute, and says when to come again', async () => {
    const { test, at, leased, asked } = await searching({ policy: { maxRequestsPerMinute: 2 } })
    expect((await post(at, leased, paths.search, q)).status).toBe(200)
    expect((await post(at, leased, paths.search, q)).status).toBe(200)
    const refused = await post(at, leased, paths.search, q, { id: 'again-0001' })
    expect([refused.status, refused.json['error'], refused.headers['retry-after']]).toEqual([
      429,
      'E_RATE_LIMITED',
      '30',
    ])
    test.clock.advance(30_000)
    // A refusal used nothing up, the request id neither.
    expect((await post(at, leased, paths.search, q, { id: 'again-0001' })).status).toBe(200)
    expect(asked()).toBe(3)
  })

  it('is spent when it is spent, without a word of retrying', async () => {
    const { test, at, consumer, resourceId } = await searching()
    const small = await lease(test, consumer, resourceId, { maxCost: 150n })
    expect((await post(at, small, paths.search, q)).status).toBe(200)
    const refused = await post(at, small, paths.search, q)
    expect([refused.status, refused.json['error'], refused.headers['retry-after']]).toEqual([
      402,
      'E_QUOTA_EXCEEDED',
      undefined,
    ])
    expect(refused.json['details']).toEqual({ remaining: '50', needed: '100' })
  })
})
