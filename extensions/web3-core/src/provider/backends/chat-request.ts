/**
 * The body that goes upstream: our model, our limits, and of the caller's fields only those known to be harmless. A
 * message may carry data but never an address, which the upstream would fetch on the caller's behalf (DESIGN §11).
 */
import { forwardedChatOptions, type ChatRequest, type JsonObject } from './backend.ts'
import { invalid } from './failures.ts'
import { isJsonObject } from './json.ts'

const maxMessages = 4_096
const roles = new Set(['system', 'developer', 'user', 'assistant', 'tool'])

export interface UpstreamModel {
  readonly model: string
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens'
}

/** @throws MarketError E_INVALID_ARGUMENT with a pointer into the caller's body. */
export function upstreamBody(request: ChatRequest, upstream: UpstreamModel): JsonObject {
  const { messages, options = {}, maxTokens, stream } = request
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 1) {
    throw invalid('/max_tokens', 'minimum', 'must be a whole number of at least 1')
  }
  if (messages.length < 1 || messages.length > maxMessages) {
    throw invalid('/messages', 'maxItems', `needs 1 to ${maxMessages} messages`)
  }
  return {
    ...Object.fromEntries(
      forwardedChatOptions.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
    ),
    messages: messages.map((message, i) => readMessage(message, `/messages/${i}`)),
    model: upstream.model,
    [upstream.maxTokensField ?? 'max_tokens']: maxTokens,
    stream,
    // Usage comes by itself with a whole answer; asked for there, it is an error to OpenAI.
    ...(stream ? { stream_options: { include_usage: true } } : {}),
  }
}

/** Rebuilt rather than checked: servers differ in the extra keys that they would act on. */
function readMessage(message: JsonObject, pointer: string): JsonObject {
  const { role, content, name, tool_calls, tool_call_id, reasoning_content } = message
  if (typeof role !== 'string' || !roles.has(role)) {
    throw invalid(`${pointer}/role`, 'enum', `is not one of ${[...roles].join(', ')}`)
  }
  if (content !== undefined && content !== null && typeof content !== 'string' && !Array.isArray(content)) {
    throw invalid(`${pointer}/content`, 'type', 'is neither text nor a list of parts')
  }
  const parts: readonly unknown[] | undefined = Array.isArray(content) ? content : undefined
  const kept = {
    role,
    content: parts?.map((part, i) => readPart(part, `${pointer}/content/${i}`)) ?? content,
    name,
    tool_calls,
    tool_call_id,
    reasoning_content,
  }
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined))
}

function readPart(part: unknown, pointer: string): JsonObject {
  if (!isJsonObject(part)) throw invalid(pointer, 'type', 'is not an object')
  const { type, text, refusal, image_url: image, input_audio } = part
  switch (type) {
    case 'text':
      if (typeof text === 'string') return { type, text }
      throw invalid(`${pointer}/text`, 'type', 'is not text')
    case 'refusal':
      if (typeof refusal === 'string') return { type, refusal }
      throw invalid(`${pointer}/refusal`, 'type', 'is not text')
    case 'input_audio': {
      if (isJsonObject(input_audio) && typeof input_audio['data'] === 'string') {
        return { type, input_audio: { data: input_audio['data'], format: input_audio['format'] } }
      }
      throw invalid(`${pointer}/input_audio/data`, 'type', 'must be the recording itself, in base64')
    }
    case 'image_url': {
      const url = isJsonObject(image) ? image['url'] : undefined
      if (isJsonObject(image) && typeof url === 'string' && /^data:image\/[a-z0-9.+-]+;base64,/i.test(url)) {
        return {
          type,
          image_url: { url, ...(image['detail'] === undefined ? {} : { detail: image['detail'] }) },
        }
      }
      throw invalid(`${pointer}/image_url/url`, 'pattern', 'must be a data: URL with the image itself')
    }
    default:
      throw invalid(`${pointer}/type`, 'enum', 'is not one of text, refusal, image_url, input_audio')
  }
}
