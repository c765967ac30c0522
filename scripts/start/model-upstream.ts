/** Which model the provider sells: the one that is named in the environment, else a local Ollama, else the bundled demo. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRecord, parseJson, stringAt } from '../gateway/json-value.ts'
import { startServer } from './child.ts'
import type { Lifetime } from './lifetime.ts'

export interface ModelUpstream {
  /** For the gateway's config, under `provider.backends`. */
  readonly backend: Readonly<Record<string, unknown>>
  /** What leaseholders see. */
  readonly label: string
  readonly isDemo: boolean
  /** What the upstream itself says that it served, where it keeps such books. */
  served(): Promise<unknown>
}

const ollama = 'http://127.0.0.1:11434/v1'
const demoServer = join(import.meta.dirname, '..', 'demo-model-server.mjs')

/** @throws with the name of the variable when the environment names a model that does not answer */
export async function chooseModel(lifetime: Lifetime, demo: boolean): Promise<ModelUpstream> {
  if (demo) return demoModel(lifetime)
  const named = variable('OPENAI_BASE_URL')
  if (named !== undefined) return namedModel(lifetime, named)
  const local = await firstModel(ollama, undefined, 1_000).catch(() => undefined)
  if (local !== undefined) return upstream(ollama, local, `${local} on a local Ollama`)
  return demoModel(lifetime)
}

async function namedModel(lifetime: Lifetime, baseUrl: string): Promise<ModelUpstream> {
  const key = variable('OPENAI_API_KEY')
  const listed = await firstModel(baseUrl, key, 10_000).catch(() => {
    throw new Error('OPENAI_BASE_URL does not answer; start what it names, or unset it to use another model')
  })
  const model = variable('OPENAI_MODEL') ?? listed
  if (model === undefined)
    throw new Error('OPENAI_BASE_URL lists no model that could chat; set OPENAI_MODEL too')
  if (key === undefined) return upstream(baseUrl, model, model)
  const apiKeyFile = join(lifetime.directory, 'model-key')
  writeFileSync(apiKeyFile, key, { mode: 0o600, flag: 'wx' })
  return upstream(baseUrl, model, model, { apiKeyFile })
}

/** Empty counts as absent. */
function variable(name: string): string | undefined {
  const value = process.env[name]?.trim()
  return value === '' ? undefined : value
}

function upstream(baseUrl: string, model: string, label: string, more: object = {}): ModelUpstream {
  return {
    backend: { driver: 'openai-compat', baseUrl, model, ...more },
    label: label.slice(0, 80),
    isDemo: false,
    served: async () => undefined,
  }
}

async function demoModel(lifetime: Lifetime): Promise<ModelUpstream> {
  const ready = await startServer(lifetime, 'the demo model server', [demoServer])
  const port = isRecord(ready) ? ready['listening'] : undefined
  if (typeof port !== 'number') throw new Error('the demo model server does not say where it listens')
  const url = `http://127.0.0.1:${port}`
  return {
    ...upstream(`${url}/v1`, 'demo-1', 'DEMO model: repeats what it is told'),
    isDemo: true,
    served: async () => (await fetch(`${url}/demo/served`)).json(),
  }
}

/** @returns undefined when it lists none that could chat. @throws when nobody answers there */
async function firstModel(
  baseUrl: string,
  key: string | undefined,
  withinMs: number,
): Promise<string | undefined> {
  const response = await fetch(`${baseUrl.replace(/\/+$/, '')}/models`, {
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(withinMs),
  })
  const answer = parseJson(await response.text())
  const data = isRecord(answer) && Array.isArray(answer['data']) ? (answer['data'] as unknown[]) : []
  return data.map((each) => stringAt(each, 'id')).find((id) => id !== undefined && !id.includes('embed'))
}
