/**
 * What a provider's routes serve leaseholders with. A backend knows nothing of leases, money or HTTP answers: the route
 * admits and meters, the backend does the work. All of them end in a result or in a MarketError whose message and
 * details are our own words: never an upstream's text, an address, a key or a real path (DESIGN §15).
 *
 * When `signal` aborts, the work stops and the call rejects with the signal's reason if that is a MarketError, else
 * with E_TIMEOUT.
 */
export type { BackendConfig, BackendDriver } from './config.ts'

export type Backend = ModelBackend | SearchBackend | StorageBackend
export type BackendKind = Backend['kind']

interface Closable {
  /** Lets go of files and memory. No call may follow. */
  close(): void
}

// ---- model ------------------------------------------------------------------------------------------------------

export type JsonObject = { readonly [key: string]: unknown }

/** OpenAI request fields that are passed on as they are. Everything else stays here; `n` is always one. */
export const forwardedChatOptions = [
  'temperature',
  'top_p',
  'stop',
  'seed',
  'presence_penalty',
  'frequency_penalty',
  'logit_bias',
  'logprobs',
  'top_logprobs',
  'response_format',
  'reasoning_effort',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
] as const
export type ForwardedChatOption = (typeof forwardedChatOptions)[number]

export interface ChatRequest {
  /** `id` and `model` of the answer's objects; the upstream's own are never shown. */
  readonly answerAs: { readonly id: string; readonly model: string }
  readonly stream: boolean
  /** OpenAI messages, 1 to 4 096. Content parts may carry data (`data:` URLs) but no address to be fetched. */
  readonly messages: readonly JsonObject[]
  /** What the policy and the budget leave; always sent upstream. */
  readonly maxTokens: number
  readonly options?: { readonly [K in ForwardedChatOption]?: unknown }
}

/** What the upstream said it used, if it said so in whole numbers. A claim: see `meterTokens`. */
export interface UpstreamUsage {
  readonly inputTokens: number
  readonly outputTokens: number
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter'

export interface ToolCall {
  readonly index?: number
  readonly id?: string
  readonly type?: 'function'
  readonly function: { readonly name?: string; readonly arguments?: string }
}

/** A message, or the part of one that a chunk adds. */
export interface ChatMessage {
  readonly role?: 'assistant'
  readonly content?: string | null
  readonly reasoning_content?: string
  readonly refusal?: string | null
  readonly tool_calls?: readonly ToolCall[]
}

export interface ChatLogprobs {
  readonly content: readonly JsonObject[]
}

/** One `chat.completion.chunk` as an OpenAI client expects it, rebuilt from what we know; without `usage`. */
export interface ChatChunk {
  readonly id: string
  readonly object: 'chat.completion.chunk'
  readonly created: number
  readonly model: string
  readonly choices: readonly [
    {
      readonly index: 0
      readonly delta: ChatMessage
      readonly finish_reason: FinishReason | null
      readonly logprobs?: ChatLogprobs
    },
  ]
}

/** One `chat.completion`, rebuilt likewise; without `usage`. */
export interface ChatCompletion {
  readonly id: string
  readonly object: 'chat.completion'
  readonly created: number
  readonly model: string
  readonly choices: readonly [
    {
      readonly index: 0
      readonly message: ChatMessage & { readonly role: 'assistant'; readonly content: string | null }
      readonly finish_reason: FinishReason
      readonly logprobs?: ChatLogprobs
    },
  ]
}

/**
 * - `open`: chunks may still come.
 * - `complete`: the upstream said `[DONE]`, or named a finish reason and then ended.
 * - `cut`: the caller of the iterator left it, or `signal` aborted.
 * - `broken`: the upstream broke, fell silent or sent nonsense; the iterator has thrown, or will.
 */
export type StreamState = 'open' | 'complete' | 'cut' | 'broken'

/** Where a stream stands now; read it after the iteration, or at any time. */
export interface StreamEnd {
  readonly state: StreamState
  readonly finishReason?: FinishReason
  readonly usage?: UpstreamUsage
}

export interface ChatCompletionAnswer {
  readonly stream: false
  readonly completion: ChatCompletion
  readonly usage?: UpstreamUsage
}

export interface ChatStreamAnswer {
  readonly stream: true
  /**
   * To be iterated once. Throws a MarketError when the upstream breaks (what was yielded was delivered and is billed)
   * and ends only when the answer is complete. Leaving the loop, or `return()`, stops the upstream at once.
   * Pulls: nothing is read ahead of the caller beyond one network read.
   */
  readonly chunks: AsyncIterable<ChatChunk>
  end(): StreamEnd
}

export type ChatAnswer = ChatCompletionAnswer | ChatStreamAnswer

export interface ModelBackend extends Closable {
  readonly kind: 'model'
  /**
   * Resolves when the upstream has begun to stream, or has answered.
   * @throws MarketError E_UNAVAILABLE `{ upstream: 'down' | 'error' | 'malformed' }`, E_TIMEOUT, E_INVALID_ARGUMENT.
   */
  chat(request: ChatRequest & { readonly stream: true }, signal: AbortSignal): Promise<ChatStreamAnswer>
  chat(request: ChatRequest & { readonly stream: false }, signal: AbortSignal): Promise<ChatCompletionAnswer>
  chat(request: ChatRequest, signal: AbortSignal): Promise<ChatAnswer>
}

// ---- search -----------------------------------------------------------------------------------------------------

export interface SearchQuery {
  /** 1 to 512 characters. */
  readonly q: string
  /** 1 to 50. */
  readonly limit: number
  /** searxng: a host name, perhaps with a path. local-docs: a folder (`guide` or `docs:///guide/`). */
  readonly site?: string
}

export interface SearchResult {
  readonly title: string
  /** http(s) of the web, or `docs:///folder/file.md` of the provider's own documents. Never a real path. */
  readonly url: string
  readonly snippet?: string
}

export interface SearchBackend extends Closable {
  readonly kind: 'search'
  /** @throws MarketError E_UNAVAILABLE `{ upstream }`, E_TIMEOUT, E_INVALID_ARGUMENT. */
  query(query: SearchQuery, signal: AbortSignal): Promise<{ readonly results: readonly SearchResult[] }>
}

// ---- storage ----------------------------------------------------------------------------------------------------

/** Whose files: a lease id or a consumer's, 1 to 128 of letters, digits and `_`. */
export type Tenant = string

export interface StoredFile {
  readonly path: string
  /** SHA-256 of the bytes, lower-case hex. */
  readonly etag: string
  readonly size: number
  readonly mime: string
  /** Milliseconds since the epoch: when these bytes were put. */
  readonly createdAt: number
}

export interface StorageLimits {
  /** What the tenant may keep in all (`policy.maxTotalBytes`). */
  readonly maxTotalBytes: number
}

export interface StorageBackend extends Closable {
  readonly kind: 'storage'
  /**
   * On disk when it resolves; replaces what was there, in one step. `mime` defaults to application/octet-stream.
   * @throws MarketError E_INVALID_ARGUMENT (path, mime), E_QUOTA_EXCEEDED (the tenant's limit), E_CONFLICT (differs
   *   from another path by letter case only, or is a folder, or lies below a file), E_UNAVAILABLE (disk, all tenants' limit).
   */
  put(
    tenant: Tenant,
    file: { readonly path: string; readonly bytes: Uint8Array; readonly mime?: string },
    limits: StorageLimits,
  ): Promise<StoredFile>
  /** @throws MarketError E_INVALID_ARGUMENT, E_NOT_FOUND, E_UNAVAILABLE. */
  get(tenant: Tenant, path: string): Promise<StoredFile & { readonly bytes: Uint8Array }>
  /** By path, ascending; `limit` 1 to 200, default 50; `prefix` is any beginning of a path. */
  list(
    tenant: Tenant,
    query: { readonly prefix?: string; readonly limit?: number; readonly cursor?: string },
  ): Promise<{ readonly files: readonly StoredFile[]; readonly nextCursor?: string }>
  usage(tenant: Tenant): Promise<{ readonly bytes: number; readonly files: number }>
  /** Forgets the tenant and all its files; nothing happens when there are none. */
  remove(tenant: Tenant): Promise<void>
}
