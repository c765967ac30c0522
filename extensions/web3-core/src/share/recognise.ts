/** Which program answers at a port, by its own API. Pure: what it said comes in, what can be shared of it goes out. */
import { isJsonObject } from '../provider/backends/json.ts'
import { sizeInName } from './model-name.ts'
import type { Heard, Hearing } from './hearing.ts'

export const modelServers = ['Ollama', 'LM Studio', 'vLLM', 'llama.cpp', 'OpenAI-compatible'] as const
export type ModelServer = (typeof modelServers)[number]

export interface FoundModel {
  /** The server's own id of it: may be a path of this machine. */
  readonly id: string
  /** Billions of parameters, where the server or the name says so. */
  readonly size?: number
}

export type Recognised =
  /** Models that can chat; `others` is how many cannot, like those for embeddings. */
  | {
      readonly what: 'models'
      readonly server: ModelServer
      readonly models: readonly FoundModel[]
      readonly others: number
    }
  | { readonly what: 'search'; readonly ready: boolean; readonly why?: 'json-off' | 'limited' }
  /** It wants a key, which is named in the config and never guessed. */
  | { readonly what: 'locked' }

export function recognise(heard: Hearing): Recognised | undefined {
  return ollama(heard) ?? lmStudio(heard) ?? searxng(heard) ?? openAi(heard, serverOf(heard))
}

/** An endpoint that was named: only its list of models was asked for. */
export function recogniseEndpoint(list: Heard | undefined): Recognised | undefined {
  return openAi({ '/v1/models': list }, 'OpenAI-compatible')
}

function ollama(heard: Hearing): Recognised | undefined {
  const models = listIn(heard['/api/tags'], 'models')
  if (textIn(heard['/api/version'], 'version') === undefined || models === undefined) return undefined
  return chatting(
    'Ollama',
    models.map((model) => {
      const details = isJsonObject(model['details']) ? model['details'] : {}
      return { id: model['name'], family: details['family'], size: details['parameter_size'] }
    }),
  )
}

function lmStudio(heard: Hearing): Recognised | undefined {
  const models = listIn(heard['/api/v0/models'], 'data')
  if (models === undefined || heard['/v1/models']?.status !== 200) return undefined
  return chatting(
    'LM Studio',
    models.map(({ id, type }) => ({ id, family: type })),
  )
}

function searxng(heard: Hearing): Recognised | undefined {
  const config = heard['/config']
  if (listIn(config, 'engines') === undefined || textIn(config, 'instance_name') === undefined)
    return undefined
  switch (heard['/search?q=&format=json']?.status) {
    case 403:
      return { what: 'search', ready: false, why: 'json-off' }
    case 429:
      return { what: 'search', ready: false, why: 'limited' }
    default:
      return { what: 'search', ready: true }
  }
}

function serverOf(heard: Hearing): ModelServer {
  const owners = (listIn(heard['/v1/models'], 'data') ?? []).map((model) => model['owned_by'])
  if (owners.includes('vllm') && textIn(heard['/version'], 'version') !== undefined) return 'vLLM'
  const props = heard['/props']?.json
  if (isJsonObject(props) && isJsonObject(props['default_generation_settings'])) return 'llama.cpp'
  return owners.includes('vllm') ? 'vLLM' : 'OpenAI-compatible'
}

function openAi(heard: Hearing, server: ModelServer): Recognised | undefined {
  const list = heard['/v1/models']
  if (list?.status === 401 || list?.status === 403) return { what: 'locked' }
  const models = listIn(list, 'data')
  return models === undefined
    ? undefined
    : chatting(
        server,
        models.map(({ id }) => ({ id })),
      )
}

interface Listed {
  readonly id: unknown
  readonly family?: unknown
  readonly size?: unknown
}

const noChat = /embed|bert|rerank|whisper/i

function chatting(server: ModelServer, listed: readonly Listed[]): Recognised {
  const named = listed.flatMap(({ id, family, size }) =>
    typeof id === 'string' && id !== '' && id.length <= 256 ? [{ id, family, size }] : [],
  )
  const models = named
    .filter(({ id, family }) => !noChat.test(id) && !(typeof family === 'string' && noChat.test(family)))
    .map(({ id, size }): FoundModel => {
      const known = (typeof size === 'string' ? sizeInName(size) : undefined) ?? sizeInName(id)
      return known === undefined ? { id } : { id, size: known }
    })
  return { what: 'models', server, models, others: named.length - models.length }
}

function listIn(heard: Heard | undefined, field: string): readonly Record<string, unknown>[] | undefined {
  if (heard?.status !== 200 || !isJsonObject(heard.json)) return undefined
  const list = heard.json[field]
  return Array.isArray(list) ? (list as readonly unknown[]).filter(isJsonObject) : undefined
}

function textIn(heard: Heard | undefined, field: string): string | undefined {
  const value = heard?.status === 200 && isJsonObject(heard.json) ? heard.json[field] : undefined
  return typeof value === 'string' ? value : undefined
}
