/**
 * How a provider names its backends in local config. Addresses, folders and key files stand here and nowhere else: a
 * resource refers to a backend by its name, and nothing of this ever appears in an answer, an error or a log.
 */
import { Type, type Static, type TObject } from '@sinclair/typebox'
import { closed } from '@openclaw-market/protocol/schema/scalars'

const BaseUrl = Type.String({
  minLength: 8,
  maxLength: 2048,
  description: 'http or https, no user, query or fragment',
})
const Folder = Type.String({
  minLength: 1,
  maxLength: 4096,
  description: 'absolute path of an existing folder',
})
/** 300 s is where Node's fetch gives up by itself. */
const Wait = Type.Integer({ minimum: 100, maximum: 300_000, description: 'milliseconds' })

export const OpenAiCompatConfig = closed({
  driver: Type.Literal('openai-compat'),
  /** What an OpenAI client would be given: `/chat/completions` is appended. E.g. http://127.0.0.1:11434/v1 */
  baseUrl: BaseUrl,
  /** The upstream's own id of the model. Callers see the resource's instead. */
  model: Type.String({ minLength: 1, maxLength: 256 }),
  /** A file with the bearer key and nothing else. Keys never stand in config. */
  apiKeyFile: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
  /** Newer OpenAI models refuse `max_tokens`, most other servers know nothing else. Default `max_tokens`. */
  maxTokensField: Type.Optional(
    Type.Union([Type.Literal('max_tokens'), Type.Literal('max_completion_tokens')]),
  ),
  /**
   * Longest wait until the upstream begins to answer (status line and headers): connecting, loading the model, reading
   * the prompt and, where the answer is not streamed, writing it. Default 120 000. Node itself gives up connecting
   * after 10 s.
   */
  connectTimeoutMs: Type.Optional(Wait),
  /** Longest silence once the answer has begun. Default 60 000. */
  idleTimeoutMs: Type.Optional(Wait),
})
export type OpenAiCompatConfig = Static<typeof OpenAiCompatConfig>

export const SearxngConfig = closed({
  driver: Type.Literal('searxng'),
  /** `/search` is appended. The instance must allow `format=json`. */
  baseUrl: BaseUrl,
  /** Longest time that a whole search may take. Default 10 000. */
  timeoutMs: Type.Optional(Wait),
})
export type SearxngConfig = Static<typeof SearxngConfig>

export const LocalDocsConfig = closed({
  driver: Type.Literal('local-docs'),
  directory: Folder,
  /** Which files are documents, by extension without the dot. Default: see `defaultExtensions` in doc-text.ts. */
  extensions: Type.Optional(
    Type.Array(Type.String({ pattern: '^[a-z0-9]{1,16}$' }), {
      minItems: 1,
      maxItems: 64,
      uniqueItems: true,
    }),
  ),
})
export type LocalDocsConfig = Static<typeof LocalDocsConfig>

export const FilesystemConfig = closed({
  driver: Type.Literal('filesystem'),
  directory: Folder,
  /** What all tenants together may keep, beside each lease's own limit. Default: no limit but theirs. */
  maxTotalBytes: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
})
export type FilesystemConfig = Static<typeof FilesystemConfig>

export const backendConfigs = {
  'openai-compat': OpenAiCompatConfig,
  searxng: SearxngConfig,
  'local-docs': LocalDocsConfig,
  filesystem: FilesystemConfig,
} as const satisfies Record<string, TObject>

export type BackendDriver = keyof typeof backendConfigs

export const BackendConfig = Type.Union(Object.values(backendConfigs))
export type BackendConfig = OpenAiCompatConfig | SearxngConfig | LocalDocsConfig | FilesystemConfig
