/**
 * How many tokens a call used, when the upstream's own figures are missing or cannot be true.
 *
 * The estimate: UTF-8 bytes / 4, rounded up (the usual rule of thumb for English; it under-counts no script by much,
 * since others take more bytes a character), 4 tokens for the frame of each message, 3 to open the answer, 1 024 for an
 * image or a recording whatever its size.
 *
 * The bounds: a token stands for at least one byte of what was sent or delivered, so no honest figure exceeds the
 * bytes by more than what templates add; and no vocabulary has tokens that average 64 bytes of text.
 */
import type { ChatChunk, ChatCompletion, ChatMessage, ChatRequest, UpstreamUsage } from './backend.ts'
import { isJsonObject } from './json.ts'

const bytesPerToken = 4
const tokensPerMessage = 4
const tokensToOpen = 3
const tokensPerAttachment = 1_024
const longestToken = 64
/** Templates add a default system prompt, a date, instructions on tool use. What frames a message is in its JSON's bytes. */
export const inputOverhead = 256
/** The end mark, and the marks around reasoning and tool calls. */
export const outputOverhead = 32

export function utf8Bytes(text: string): number {
  return Buffer.byteLength(text, 'utf8')
}

export function estimateTokens(bytes: number): number {
  return Math.ceil(bytes / bytesPerToken)
}

/** What a message says, in bytes: text, reasoning, refusal, names and arguments of tool calls. The frame is free. */
export function messageBytes(message: ChatMessage): number {
  let bytes =
    utf8Bytes(message.content ?? '') +
    utf8Bytes(message.reasoning_content ?? '') +
    utf8Bytes(message.refusal ?? '')
  for (const call of message.tool_calls ?? []) {
    bytes += utf8Bytes(call.function.name ?? '') + utf8Bytes(call.function.arguments ?? '')
  }
  return bytes
}

export function deliveredBytes(object: ChatChunk | ChatCompletion): number {
  return object.object === 'chat.completion'
    ? messageBytes(object.choices[0].message)
    : messageBytes(object.choices[0].delta)
}

/** Bytes of the prompt: the JSON of the messages and of the options that reach the model, attachments included. */
export function requestBytes(request: Pick<ChatRequest, 'messages' | 'options'>): number {
  return utf8Bytes(JSON.stringify(request.messages)) + utf8Bytes(JSON.stringify(promptOptions(request)))
}

/** The most input tokens that a call can be billed for, whoever counts: what admission reserves. */
export function mostInputTokens(bytes: number): number {
  return bytes + inputOverhead
}

export function estimateInputTokens(request: Pick<ChatRequest, 'messages' | 'options'>): number {
  let tokens = tokensToOpen
  for (const message of request.messages) {
    const { content, ...frame } = message
    tokens += tokensPerMessage
    // Tool calls that were made and names are part of the prompt; the role is in the frame.
    for (const [name, value] of Object.entries(frame))
      if (name !== 'role') tokens += estimateTokens(jsonBytes(value))
    const parts: readonly unknown[] = Array.isArray(content) ? content : [content ?? '']
    for (const part of parts) tokens += partTokens(part)
  }
  const options = promptOptions(request)
  if (Object.keys(options).length > 0) tokens += estimateTokens(jsonBytes(options))
  // Never more than was reserved: a host of empty messages is framed dearer than its bytes allow.
  return Math.min(tokens, mostInputTokens(requestBytes(request)))
}

function promptOptions({ options = {} }: Pick<ChatRequest, 'options'>): { readonly [key: string]: unknown } {
  const { tools, response_format } = options
  return {
    ...(tools === undefined ? {} : { tools }),
    ...(response_format === undefined ? {} : { response_format }),
  }
}

function partTokens(part: unknown): number {
  if (typeof part === 'string') return estimateTokens(utf8Bytes(part))
  if (!isJsonObject(part)) return 0
  const text = part['text'] ?? part['refusal']
  return typeof text === 'string' ? estimateTokens(utf8Bytes(text)) : tokensPerAttachment
}

function jsonBytes(value: unknown): number {
  return utf8Bytes(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
}

export interface UsageBounds {
  /** As `requestBytes` counts them. */
  readonly requestBytes: number
  /** As `deliveredBytes` counts them, summed. */
  readonly deliveredBytes: number
  readonly maxTokens: number
}

/**
 * The upstream's figures, if both can be true; else undefined. A figure that is false makes the other worthless too.
 *
 * Input has no lower bound but 1: caches and pictures make honest figures small. Output has one, so that an upstream
 * that stopped counting does not give the provider's work away.
 */
export function plausibleUsage(
  usage: UpstreamUsage | undefined,
  bounds: UsageBounds,
): UpstreamUsage | undefined {
  if (usage === undefined) return undefined
  const { inputTokens, outputTokens } = usage
  if (!Number.isSafeInteger(inputTokens) || !Number.isSafeInteger(outputTokens)) return undefined
  if (inputTokens < 1 || inputTokens > mostInputTokens(bounds.requestBytes)) return undefined
  if (outputTokens > bounds.maxTokens || outputTokens > bounds.deliveredBytes + outputOverhead)
    return undefined
  if (outputTokens < Math.ceil(bounds.deliveredBytes / longestToken)) return undefined
  return usage
}

export interface MeteredTokens extends UpstreamUsage {
  readonly source: 'upstream' | 'counted'
}

/** What to bill: the upstream's figures when they are plausible, else ours (DESIGN §8.4). */
export function meterTokens(call: {
  readonly request: Pick<ChatRequest, 'messages' | 'options' | 'maxTokens'>
  /** Bytes that reached the caller. */
  readonly deliveredBytes: number
  readonly usage: UpstreamUsage | undefined
}): MeteredTokens {
  const { request, deliveredBytes, usage } = call
  const { maxTokens } = request
  const believed = plausibleUsage(usage, { requestBytes: requestBytes(request), deliveredBytes, maxTokens })
  if (believed !== undefined) return { ...believed, source: 'upstream' }
  return {
    inputTokens: estimateInputTokens(request),
    outputTokens: Math.min(estimateTokens(deliveredBytes), maxTokens),
    source: 'counted',
  }
}
