import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { good } from '../plugin/world.fixture.ts'
import { byName, everything, household, list, names, open } from './household.fixture.ts'
import { localServer, ollamaRoutes, searxngRoutes } from './local-servers.fixture.ts'

describe('finding', () => {
  it('names what is here and proposes a price for each, and says neither address nor path', async () => {
    const home = await household()
    const world = await open(home)
    const answer = good(await world.call('web3.share.find', everything(home)))
    expect(list(answer['found']).map(({ name, kind, by, label }) => [name, kind, by, label])).toEqual([
      ['ollama-llama3-2-3b', 'model', 'Ollama', 'llama3.2:3b'],
      ['searxng', 'search', 'SearXNG', 'Web search'],
      ['vllm-mistral-small-24b', 'model', 'vLLM', 'Mistral-Small-24B'],
      ['lm-studio-qwen2-5-7b-instruct', 'model', 'LM Studio', 'qwen2.5-7b-instruct'],
      // The config of this world has a `docs` and a `disk` of its own.
      ['docs-2', 'search', 'a folder, 1 document', 'Documents'],
      ['disk-2', 'storage', 'a folder', 'Disk space'],
    ])
    expect(byName(answer['found'], 'ollama-llama3-2-3b')['prices']).toEqual([
      { unit: 'input_token', amount: '50000', per: '1000000', currency: 'USDC' },
      { unit: 'output_token', amount: '150000', per: '1000000', currency: 'USDC' },
    ])
    const said = JSON.stringify(answer)
    for (const secret of [home.home, '/srv/private', '127.0.0.1', ...home.ports.map(String)])
      expect(said).not.toContain(secret)
  })

  it('says what is here and cannot be shared, and what to do about it', async () => {
    const home = await household()
    const off = await localServer(searxngRoutes('html-only'))
    const locked = await localServer({ '/v1/models': { status: 401, text: '' } })
    const empty = await localServer({ ...ollamaRoutes, '/api/tags': { json: { models: [] } } })
    for (const server of [off, locked, empty]) onTestFinished(() => server.close())
    await mkdir(join(home.home, 'nothing'))
    const world = await open(home)
    const answer = good(
      await world.call('web3.share.find', {
        ports: [off.port, locked.port, empty.port],
        endpoints: [{ port: off.port, path: '/v1' }],
        docs: join(home.home, 'nothing'),
      }),
    )
    expect(answer['found']).toEqual([])
    expect(list(answer['notes']).map(({ problem }) => problem)).toEqual([
      'its settings allow no JSON',
      'it wants a key',
      'it has no model that can chat',
      'nothing there lists models as OpenAI does',
      'there are no documents in it that can be searched',
    ])
    for (const { hint } of list(answer['notes'])) expect(String(hint).length).toBeGreaterThan(20)
  })

  it('takes an endpoint that was named, each thing once, and never what this gateway itself offers', async () => {
    const home = await household()
    const [ollama] = home.servers
    const world = await open(home)
    const own = Number(new URL(world.url).port)
    const port = ollama?.port ?? 0
    const answer = good(
      await world.call('web3.share.find', { ports: [port, own], endpoints: [{ port, path: '/v1/' }] }),
    )
    // By its own port it is an Ollama, which leaves out what cannot chat; by the list alone that cannot be told.
    expect(names(answer['found'])).toEqual(['ollama-llama3-2-3b'])
  })
})
