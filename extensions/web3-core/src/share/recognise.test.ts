import { describe, expect, it, onTestFinished } from 'vitest'
import {
  llamaCppRoutes,
  lmStudioRoutes,
  localServer,
  ollamaRoutes,
  searxngRoutes,
  vllmRoutes,
} from './local-servers.fixture.ts'
import { listenAt } from './probe.ts'
import { recognise, type Recognised } from './recognise.ts'

async function met(routes: Parameters<typeof localServer>[0]): Promise<Recognised | undefined> {
  const server = await localServer(routes)
  onTestFinished(() => server.close())
  const heard = await listenAt(server.port)
  return heard === undefined ? undefined : recognise(heard)
}

describe('a program at a port', () => {
  it.each([
    ['Ollama', ollamaRoutes, { id: 'llama3.2:3b', size: 3.2 }, 1],
    ['LM Studio', lmStudioRoutes, { id: 'qwen2.5-7b-instruct', size: 7 }, 1],
    ['vLLM', vllmRoutes, { id: '/srv/private/models/Mistral-Small-24B', size: 24 }, 0],
    ['llama.cpp', llamaCppRoutes, { id: '/home/me/phi-4.gguf' }, 0],
  ] as const)(
    'is known by its own API: %s, with the models that can chat',
    async (server, routes, model, others) => {
      expect(await met(routes)).toEqual({ what: 'models', server, models: [model], others })
    },
  )

  it('is an OpenAI-compatible server when it lists models and says no more', async () => {
    const list = { data: [{ id: 'anything' }, { id: '' }, { id: 7 }, 'no model', { id: 'x'.repeat(300) }] }
    expect(await met({ '/v1/models': { json: list } })).toEqual({
      what: 'models',
      server: 'OpenAI-compatible',
      models: [{ id: 'anything' }],
      others: 0,
    })
  })

  it('wants a key, which is said and not guessed', async () => {
    expect(await met({ '/v1/models': { status: 401, json: { error: 'key' } } })).toEqual({ what: 'locked' })
  })

  it('is a SearXNG that is ready, or has JSON off, or limits us, without a search being made', async () => {
    expect(await met(searxngRoutes('json'))).toEqual({ what: 'search', ready: true })
    expect(await met(searxngRoutes('html-only'))).toEqual({ what: 'search', ready: false, why: 'json-off' })
    const limited = { ...searxngRoutes('json'), '/search': { status: 429, text: 'Too Many Requests' } }
    expect(await met(limited)).toEqual({ what: 'search', ready: false, why: 'limited' })
    const server = await localServer(searxngRoutes('json'))
    onTestFinished(() => server.close())
    await listenAt(server.port)
    expect(server.asked.filter((path) => /[?&]q=[^&]/.test(path))).toEqual([])
  })

  it.each([
    ['a page', { '/': { text: '<html>' } }],
    [
      'a version alone',
      { '/api/version': { json: { version: '1' } }, '/version': { json: { version: '1' } } },
    ],
    ['nonsense', { '/v1/models': { json: { data: 'models' } }, '/config': { json: [] } }],
  ])('is nobody that we know: %s', async (_what, routes) => {
    expect(await met(routes)).toBeUndefined()
  })

  it('is nobody when it sends us elsewhere: no redirect is followed', async () => {
    const elsewhere = await localServer(vllmRoutes)
    onTestFinished(() => elsewhere.close())
    const location = `http://127.0.0.1:${elsewhere.port}/v1/models`
    expect(
      await met({ '/v1/models': (_request, response) => response.writeHead(302, { location }).end() }),
    ).toBeUndefined()
    expect(elsewhere.asked).toEqual([])
  })

  it('is nobody where nobody listens, and where an answer is larger than a list can be', async () => {
    const gone = await localServer({})
    await gone.close()
    expect(await listenAt(gone.port)).toBeUndefined()
    const large = { data: [{ id: 'x'.repeat(3_000_000) }] }
    expect(await met({ '/v1/models': { json: large } })).toBeUndefined()
  })
})
