import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Lifetime } from './lifetime.ts'
import { chooseModel } from './model-upstream.ts'

const directory = mkdtempSync(join(tmpdir(), 'model-upstream-'))
const lifetime: Lifetime = {
  directory,
  signal: new AbortController().signal,
  atEnd: () => undefined,
  own: () => undefined,
}
const asked: (string | undefined)[] = []
let server: Server
let baseUrl: string

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.headers.authorization)
    response.end(JSON.stringify({ data: [{ id: 'text-embed-1' }, { id: 'talker-1' }] }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  baseUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/v1`
})

afterEach(() => vi.unstubAllEnvs())

afterAll(() => {
  server.close()
  rmSync(directory, { recursive: true, force: true })
})

describe('the model that is named in the environment', () => {
  it('is the first that could chat, and its key stands in a private file and nowhere else', async () => {
    vi.stubEnv('OPENAI_BASE_URL', baseUrl)
    vi.stubEnv('OPENAI_API_KEY', 'sk-secret')
    vi.stubEnv('OPENAI_MODEL', '')
    const model = await chooseModel(lifetime, false)
    const apiKeyFile = join(directory, 'model-key')
    expect(model).toMatchObject({ label: 'talker-1', isDemo: false })
    expect(model.backend).toEqual({ driver: 'openai-compat', baseUrl, model: 'talker-1', apiKeyFile })
    expect(readFileSync(apiKeyFile, 'utf8')).toBe('sk-secret')
    expect(statSync(apiKeyFile).mode & 0o777).toBe(0o600)
    expect(asked).toEqual(['Bearer sk-secret'])
  })

  it('is the one of OPENAI_MODEL where that is set', async () => {
    vi.stubEnv('OPENAI_BASE_URL', baseUrl)
    vi.stubEnv('OPENAI_MODEL', 'text-embed-1')
    vi.stubEnv('OPENAI_API_KEY', '')
    expect((await chooseModel(lifetime, false)).backend).toMatchObject({ model: 'text-embed-1' })
  })

  it('is an error that names the variable when nobody answers there', async () => {
    vi.stubEnv('OPENAI_BASE_URL', 'http://127.0.0.1:9/v1')
    await expect(chooseModel(lifetime, false)).rejects.toThrow(/OPENAI_BASE_URL does not answer/)
  })
})
