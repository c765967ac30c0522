import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { newRoot, roomy, text } from './filesystem-fixture.ts'
import { loadBackends } from './load.ts'
import { deadOrigin, sendJson, upstream } from './upstream-fixture.ts'

const chat = {
  answerAs: { id: 'i', model: 'm' },
  maxTokens: 5,
  messages: [{ role: 'user', content: 'x' }],
  stream: false,
} as const

function load(config: unknown) {
  const loaded = loadBackends(config)
  onTestFinished(() => loaded.close())
  return loaded
}

describe('loadBackends', () => {
  it('makes what the config names', async () => {
    const root = newRoot()
    for (const name of ['docs', 'files']) mkdirSync(path.join(root, name))
    writeFileSync(path.join(root, 'docs/a.md'), 'word')
    writeFileSync(path.join(root, 'key'), 'sk-key\n')
    symlinkSync(path.join(root, 'docs'), path.join(root, 'linked'))
    const seen: unknown[] = []
    const { origin } = await upstream((request, response) => {
      seen.push(request.headers.authorization)
      sendJson(response, 200, { choices: [{ message: { content: 'x' }, finish_reason: 'stop' }] })
    })
    const { backends, problems } = load({
      brain: {
        driver: 'openai-compat',
        baseUrl: `${origin}/v1/`,
        model: 'm',
        apiKeyFile: path.join(root, 'key'),
      },
      web: { driver: 'searxng', baseUrl: origin },
      docs: { driver: 'local-docs', directory: path.join(root, 'linked') },
      files: { driver: 'filesystem', directory: path.join(root, 'files') },
    })
    expect(problems).toEqual([])
    expect([...backends].map(([name, backend]) => [name, backend.kind])).toEqual([
      ['brain', 'model'],
      ['web', 'search'],
      ['docs', 'search'],
      ['files', 'storage'],
    ])
    const signal = new AbortController().signal
    const [brain, docs, files] = ['brain', 'docs', 'files'].map((name) => backends.get(name))
    if (brain?.kind !== 'model' || docs?.kind !== 'search' || files?.kind !== 'storage')
      throw new Error('other kinds')
    await brain.chat(chat, signal)
    expect(seen).toEqual(['Bearer sk-key'])
    expect((await docs.query({ q: 'word', limit: 1 }, signal)).results).toHaveLength(1)
    await files.put('t', { path: 'f', bytes: text('x') }, roomy)
  })

  it('answers problems with their place and never with what stands there', () => {
    const root = newRoot()
    writeFileSync(path.join(root, 'two-lines'), 'sk-a\nsk-b')
    writeFileSync(path.join(root, 'empty'), '\n')
    const secret = '/SECRET/path'
    const openai = { driver: 'openai-compat', baseUrl: 'http://127.0.0.1:1/v1', model: 'm' }
    const { backends, problems } = load({
      ok: { driver: 'searxng', baseUrl: 'http://127.0.0.1:1' },
      'Bad Name/x': { driver: 'searxng', baseUrl: 'http://127.0.0.1:1' },
      text: 'x',
      other: { driver: 'SECRET' },
      docs: { driver: 'local-docs', directory: secret },
      relative: { driver: 'local-docs', directory: 'SECRET' },
      file: { driver: 'filesystem', directory: path.join(root, 'empty') },
      inline: { ...openai, apiKey: 'sk-SECRET' },
      nokey: { ...openai, apiKeyFile: secret },
      lines: { ...openai, apiKeyFile: path.join(root, 'two-lines') },
      empty: { ...openai, apiKeyFile: path.join(root, 'empty') },
      user: { ...openai, baseUrl: 'http://user:SECRET@127.0.0.1/v1' },
      ftp: { ...openai, baseUrl: 'ftp://SECRET.example/' },
      query: { ...openai, baseUrl: 'http://example.org/?key=SECRET' },
      nonsense: { ...openai, baseUrl: 'http://[SECRET' },
      nomodel: { driver: 'openai-compat', baseUrl: 'http://127.0.0.1:1/v1' },
      impatient: { ...openai, idleTimeoutMs: 1 },
    })
    expect([...backends.keys()]).toEqual(['ok'])
    expect(problems.map((p) => p.path.replace('/provider/backends', ''))).toEqual([
      '/Bad Name~1x',
      '/text',
      '/other/driver',
      '/docs/directory',
      '/relative/directory',
      '/file/directory',
      '/inline/apiKey',
      '/nokey/apiKeyFile',
      '/lines/apiKeyFile',
      '/empty/apiKeyFile',
      '/user/baseUrl',
      '/ftp/baseUrl',
      '/query/baseUrl',
      '/nonsense/baseUrl',
      '/nomodel/model',
      '/impatient/idleTimeoutMs',
    ])
    expect(JSON.stringify(problems)).not.toMatch(/SECRET|market-storage-|sk-/)
  })

  it('gives a folder to one filesystem backend only', () => {
    const root = newRoot()
    mkdirSync(path.join(root, 'a/b'), { recursive: true })
    mkdirSync(path.join(root, 'ab'))
    const at = (directory: string) => ({ driver: 'filesystem', directory: path.join(root, directory) })
    const { backends, problems } = load({
      one: at('a'),
      same: at('a'),
      inner: at('a/b'),
      outer: at(''),
      beside: at('ab'),
    })
    expect([...backends.keys()]).toEqual(['one', 'beside'])
    expect(problems.map((p) => p.path)).toEqual(
      ['same', 'inner', 'outer'].map((name) => `/provider/backends/${name}/directory`),
    )
  })

  it('takes nothing for nothing, and no list for backends', () => {
    expect(load(undefined)).toMatchObject({ problems: [] })
    expect(load([]).problems).toEqual([{ path: '/provider/backends', problem: 'is not an object' }])
  })

  it('tells the operator’s side why a backend fails', async () => {
    const reasons: string[] = []
    const { backends } = loadBackends(
      { brain: { driver: 'openai-compat', baseUrl: await deadOrigin(), model: 'm' } },
      { onTrouble: (name, reason) => reasons.push(`${name}: ${reason}`) },
    )
    const brain = backends.get('brain')
    if (brain?.kind !== 'model') throw new Error('another kind')
    await expect(brain.chat(chat, new AbortController().signal)).rejects.toMatchObject({
      code: 'E_UNAVAILABLE',
    })
    expect(reasons).toEqual(['brain: unreachable'])
  })
})
