/** A model behind any server that speaks OpenAI's chat completions: Ollama, vLLM, LM Studio, llama.cpp, OpenAI. */
import type {
  ChatAnswer,
  ChatCompletionAnswer,
  ChatRequest,
  ChatStreamAnswer,
  ModelBackend,
} from './backend.ts'
import { upstreamBody } from './chat-request.ts'
import { readCompletion, reportsError } from './chat-shapes.ts'
import { openChatStream } from './chat-stream.ts'
import type { OpenAiCompatConfig } from './config.ts'
import { unreported, upstreamFailure, type Report } from './failures.ts'
import { openUpstream, readJson } from './upstream-fetch.ts'
import { endpoint } from './upstream-url.ts'

const mebibyte = 1_048_576
/** What one token may take on the wire: a chunk's JSON around it, with twenty alternatives when logprobs are on. */
const bytesPerToken = 4_096
const maxCompletionBytes = 32 * mebibyte

export interface OpenAiCompatOptions {
  readonly config: Omit<OpenAiCompatConfig, 'driver' | 'apiKeyFile'>
  /** What `apiKeyFile` holds. */
  readonly apiKey?: string
  readonly report?: Report
  /** Milliseconds since the epoch, for the answer's `created`. */
  readonly now?: () => number
}

export function openAiCompatBackend(options: OpenAiCompatOptions): ModelBackend {
  const { config, apiKey, report = unreported, now = Date.now } = options
  const url = endpoint(config.baseUrl, 'chat/completions')
  const answerWithinMs = config.connectTimeoutMs ?? 120_000
  const idleMs = config.idleTimeoutMs ?? 60_000

  function chat(request: ChatRequest & { stream: true }, signal: AbortSignal): Promise<ChatStreamAnswer>
  function chat(request: ChatRequest & { stream: false }, signal: AbortSignal): Promise<ChatCompletionAnswer>
  function chat(request: ChatRequest, signal: AbortSignal): Promise<ChatAnswer>
  async function chat(request: ChatRequest, signal: AbortSignal): Promise<ChatAnswer> {
    const body = await openUpstream({
      url,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify(upstreamBody(request, config)),
      answerWithinMs,
      contentType: request.stream ? 'text/event-stream' : 'application/json',
      signal,
      report,
    })
    const created = Math.floor(now() / 1000)
    const maxBytes = mebibyte + request.maxTokens * bytesPerToken
    if (request.stream) {
      // A server that sends its headers at once reads the prompt afterwards: the first bytes may take as long.
      const firstWithinMs = Math.max(answerWithinMs, idleMs)
      return openChatStream({
        body,
        as: request.answerAs,
        created,
        maxBytes,
        firstWithinMs,
        idleMs,
        signal,
        report,
      })
    }
    const json = await readJson(body, { maxBytes: Math.min(maxBytes, maxCompletionBytes), idleMs }, report)
    if (reportsError(json)) {
      report('error-answer')
      throw upstreamFailure('error')
    }
    const read = readCompletion(json, request.answerAs, created)
    if (read === undefined) {
      report('not-a-completion')
      throw upstreamFailure('malformed')
    }
    const { completion, usage } = read
    return { stream: false, completion, ...(usage === undefined ? {} : { usage }) }
  }
  return { kind: 'model', chat, close: () => undefined }
}
