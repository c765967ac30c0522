import { MarketError } from '@openclaw-market/protocol/errors'
import { describe, expect, it } from 'vitest'
import { searxngBackend } from './searxng.ts'
import { deadOrigin, everythingIn, secretText, sendJson, upstream, type Handler } from './upstream-fixture.ts'

const never = new AbortController().signal

async function backendOf(handler: Handler, timeoutMs = 5_000) {
  const { origin } = await upstream(handler)
  return searxngBackend({ config: { baseUrl: `${origin}/deep`, timeoutMs } })
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  const error: unknown = await work.catch((reason: unknown) => reason)
  if (!(error instanceof MarketError)) throw new Error('did not fail with a MarketError')
  expect(everythingIn(error)).not.toMatch(/SECRET|127\.0\.0\.1|\/srv/)
  return [error.code, error.details]
}

describe('searxng', () => {
  it('asks with the words and the site, and no command of its own', async () => {
    const asked: (readonly [string, Record<string, string>])[] = []
    const backend = await backendOf((request, response) => {
      const url = new URL(request.url ?? '', 'http://x')
      asked.push([url.pathname, Object.fromEntries(url.searchParams)])
      sendJson(response, 200, { results: [] })
    })
    await backend.query({ q: 'a & b=c', limit: 5 }, never)
    await backend.query({ q: '!!g !images <9 cats\n!', limit: 5, site: 'Docs.example.org/guide' }, never)
    expect(asked).toEqual([
      ['/deep/search', { q: 'a & b=c', format: 'json' }],
      ['/deep/search', { q: 'g images 9 cats site:Docs.example.org/guide', format: 'json' }],
    ])
  })

  it('takes from the answer what a result is and nothing else', async () => {
    const backend = await backendOf((_request, response) =>
      sendJson(response, 200, {
        results: [
          {
            title: 'A\u0000 \u202etitle\n',
            url: 'https://example.org/a b',
            content: 'text\r\n\twith\u0007 marks',
            engine: secretText,
          },
          { title: 'no snippet', url: 'http://example.org/', content: '  ' },
          { title: 'script', url: 'javascript:alert(1)' },
          { title: 'file', url: 'file:///etc/passwd' },
          { title: 'password', url: 'https://user:pass@example.org/' },
          { title: 7, url: 'https://example.org/no-title' },
          'nonsense',
          { title: 'x'.repeat(9_000), url: 'https://example.org/long', content: 'y'.repeat(9_000) },
          { title: 'beyond the limit', url: 'https://example.org/z' },
        ],
        unresponsive_engines: [secretText],
      }),
    )
    const { results } = await backend.query({ q: 'x', limit: 3 }, never)
    expect(results.slice(0, 2)).toEqual([
      { title: 'A title', url: 'https://example.org/a%20b', snippet: 'text with marks' },
      { title: 'no snippet', url: 'http://example.org/' },
    ])
    expect(results).toHaveLength(3)
    expect(results[2]?.title.length).toBe(200)
    expect(results[2]?.snippet?.length).toBe(500)
  })

  it.each([
    ['no words', { q: ' !! ', limit: 5 }],
    ['nothing', { q: '', limit: 5 }],
    ['too much', { q: 'x'.repeat(513), limit: 5 }],
    ['no limit', { q: 'x', limit: 0 }],
    ['a site with an operator', { q: 'x', limit: 5, site: 'example.org OR site:b' }],
    ['an empty site', { q: 'x', limit: 5, site: '' }],
  ])('refuses %s before it asks', async (_name, query) => {
    const backend = searxngBackend({ config: { baseUrl: await deadOrigin() } })
    expect(await failureOf(backend.query(query, never))).toMatchObject(['E_INVALID_ARGUMENT', {}])
  })

  it.each([
    ['fails', (_request, response) => sendJson(response, 500, secretText), 'error'],
    ['forbids JSON', (_request, response) => sendJson(response, 403, secretText), 'error'],
    [
      'redirects',
      (_request, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      'error',
    ],
    [
      'answers HTML',
      (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end(secretText),
      'malformed',
    ],
    [
      'answers no list',
      (_request, response) => sendJson(response, 200, { results: secretText }),
      'malformed',
    ],
    [
      'answers too much',
      (_request, response) => sendJson(response, 200, { results: [], x: 'x'.repeat(5_000_000) }),
      'malformed',
    ],
  ] satisfies [string, Handler, string][])('that %s is unavailable', async (_name, handler, trouble) => {
    const backend = await backendOf(handler)
    expect(await failureOf(backend.query({ q: 'x', limit: 5 }, never))).toEqual([
      'E_UNAVAILABLE',
      { upstream: trouble },
    ])
  })

  it('that is not there is down', async () => {
    const backend = searxngBackend({ config: { baseUrl: await deadOrigin() } })
    expect(await failureOf(backend.query({ q: 'x', limit: 5 }, never))).toEqual([
      'E_UNAVAILABLE',
      { upstream: 'down' },
    ])
  })

  it('has one deadline for all of an answer that drips', async () => {
    const backend = await backendOf((request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const drip = setInterval(() => response.write(' '), 20)
      request.socket.once('close', () => clearInterval(drip))
    }, 150)
    expect(await failureOf(backend.query({ q: 'x', limit: 5 }, never))).toEqual(['E_TIMEOUT', undefined])
  })
})
