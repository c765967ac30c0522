/**
 * Reads what an upstream sends and builds what the caller sees, field by field. Nothing is passed on unread: the
 * upstream's ids, model names, fingerprints, timings and error texts end here.
 */
import type {
  ChatChunk,
  ChatCompletion,
  ChatLogprobs,
  ChatMessage,
  ChatRequest,
  FinishReason,
  ToolCall,
  UpstreamUsage,
} from './backend.ts'
import { isJsonObject } from './json.ts'

/** What one event of a stream says. `undefined` for a part that it does not have. */
export interface ReadEvent {
  readonly chunk: ChatChunk | undefined
  readonly usage: UpstreamUsage | undefined
}

type AnswerAs = ChatRequest['answerAs']

const finishReasons: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
}

/** @returns undefined when it is no chunk of OpenAI's. */
export function readChunk(json: unknown, as: AnswerAs, created: number): ReadEvent | undefined {
  if (!isJsonObject(json) || !Array.isArray(json['choices'])) return undefined
  const usage = readUsage(json['usage'])
  const choice = onlyChoice(json['choices'])
  if (choice === undefined) return { chunk: undefined, usage }
  const delta = choice['delta'] === undefined || choice['delta'] === null ? {} : choice['delta']
  if (!isJsonObject(delta)) return undefined
  const message = readMessage(delta)
  const finish = readFinish(choice['finish_reason'])
  if (message === undefined || finish === undefined) return undefined
  const logprobs = readLogprobs(choice['logprobs'])
  return {
    usage,
    chunk: {
      id: as.id,
      object: 'chat.completion.chunk',
      created,
      model: as.model,
      choices: [
        { index: 0, delta: message, finish_reason: finish, ...(logprobs === undefined ? {} : { logprobs }) },
      ],
    },
  }
}

export function readCompletion(
  json: unknown,
  as: AnswerAs,
  created: number,
): { readonly completion: ChatCompletion; readonly usage: UpstreamUsage | undefined } | undefined {
  if (!isJsonObject(json) || !Array.isArray(json['choices'])) return undefined
  const choice = onlyChoice(json['choices'])
  if (choice === undefined || !isJsonObject(choice['message'])) return undefined
  const message = readMessage(choice['message'])
  const finish = readFinish(choice['finish_reason'])
  if (message === undefined || finish === undefined) return undefined
  const logprobs = readLogprobs(choice['logprobs'])
  return {
    usage: readUsage(json['usage']),
    completion: {
      id: as.id,
      object: 'chat.completion',
      created,
      model: as.model,
      choices: [
        {
          index: 0,
          message: { ...message, role: 'assistant', content: message.content ?? null },
          // Some servers leave it out of a whole answer; a whole answer has stopped.
          finish_reason: finish ?? 'stop',
          ...(logprobs === undefined ? {} : { logprobs }),
        },
      ],
    },
  }
}

/** Some upstreams report a failure in the middle of a 200; its text is theirs. */
export function reportsError(json: unknown): boolean {
  return isJsonObject(json) && json['error'] !== undefined && json['error'] !== null
}

/** One choice was asked for. An upstream that sends more is held to its first. */
function onlyChoice(choices: readonly unknown[]): { readonly [key: string]: unknown } | undefined {
  return choices.filter(isJsonObject).find((choice) => choice['index'] === undefined || choice['index'] === 0)
}

/** undefined: nonsense; null: not finished. */
function readFinish(value: unknown): FinishReason | null | undefined {
  if (value === undefined || value === null || value === '') return null
  if (typeof value !== 'string') return undefined
  // A server's own word for the end (`eos`, `abort`) still means the end.
  return finishReasons[value] ?? 'stop'
}

function readMessage(from: { readonly [key: string]: unknown }): ChatMessage | undefined {
  const content = from['content']
  const refusal = from['refusal']
  // vLLM and Ollama say `reasoning`, most others `reasoning_content`.
  const reasoning = from['reasoning_content'] ?? from['reasoning']
  if (content !== undefined && content !== null && typeof content !== 'string') return undefined
  const calls = readToolCalls(from['tool_calls'])
  if (calls === undefined) return undefined
  return {
    ...(from['role'] === 'assistant' ? { role: 'assistant' } : {}),
    ...(content === undefined ? {} : { content }),
    ...(typeof reasoning === 'string' ? { reasoning_content: reasoning } : {}),
    ...(typeof refusal === 'string' ? { refusal } : {}),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  }
}

function readToolCalls(value: unknown): readonly ToolCall[] | undefined {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || value.length > 256) return undefined
  const calls: ToolCall[] = []
  for (const item of value as readonly unknown[]) {
    if (!isJsonObject(item)) return undefined
    const { index, id, function: fn } = item
    if (fn !== undefined && !isJsonObject(fn)) return undefined
    calls.push({
      ...(isCount(index) ? { index } : {}),
      ...(typeof id === 'string' ? { id } : {}),
      ...(item['type'] === 'function' ? { type: 'function' } : {}),
      function: {
        ...(typeof fn?.['name'] === 'string' ? { name: fn['name'] } : {}),
        ...(typeof fn?.['arguments'] === 'string' ? { arguments: fn['arguments'] } : {}),
      },
    })
  }
  return calls
}

/** Only `content`, and of it only what OpenAI defines. */
function readLogprobs(value: unknown): ChatLogprobs | undefined {
  if (!isJsonObject(value) || !Array.isArray(value['content'])) return undefined
  return {
    content: value['content'].filter(isJsonObject).map((entry) => {
      const top = entry['top_logprobs']
      return {
        ...readLogprob(entry),
        top_logprobs: Array.isArray(top) ? top.filter(isJsonObject).map(readLogprob) : [],
      }
    }),
  }
}

function readLogprob({ token, logprob, bytes }: { readonly [key: string]: unknown }): {
  token: string
  logprob: number
  bytes: number[] | null
} {
  return {
    token: typeof token === 'string' ? token : '',
    logprob: typeof logprob === 'number' ? logprob : 0,
    bytes: Array.isArray(bytes) ? bytes.filter((byte) => typeof byte === 'number') : null,
  }
}

function readUsage(value: unknown): UpstreamUsage | undefined {
  if (!isJsonObject(value)) return undefined
  const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = value
  return isCount(inputTokens) && isCount(outputTokens) ? { inputTokens, outputTokens } : undefined
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
