/** What of the host's hooks goes on record: names, figures and hashes. What was said or done stays where it is. */
import { createHash } from 'node:crypto'
import type { ConversationEvent, ConversationFacts } from '@openclaw-market/protocol/entities/log'
import { canonicalJson } from '@openclaw-market/protocol/canonical'

export interface Told {
  readonly type: ConversationEvent
  readonly facts: ConversationFacts
}

/** What every hook may say of where it belongs. */
export interface Where {
  readonly runId?: string
  readonly sessionId?: string
  readonly agentId?: string
}

interface Model {
  readonly provider: string
  readonly model: string
}

export interface LlmInput extends Model {
  readonly prompt: string
  readonly systemPrompt?: string
  readonly historyMessages: readonly unknown[]
  readonly imagesCount: number
}

export interface LlmOutput extends Model {
  readonly assistantTexts: readonly string[]
  readonly usage?: {
    readonly input?: number
    readonly output?: number
    readonly cacheRead?: number
    readonly cacheWrite?: number
  }
}

export interface ToolCall {
  readonly toolName: string
  readonly toolCallId?: string
  readonly params: unknown
  readonly result?: unknown
  readonly error?: string
  readonly durationMs?: number
}

export interface SessionEnd {
  readonly messageCount: number
  readonly durationMs?: number
  readonly reason?: string
}

/** The hash is over this turn's prompt and the system's: what was said before had events of its own. */
export function ofInput(event: LlmInput, where: Where): Told {
  const { prompt, systemPrompt, historyMessages, imagesCount } = event
  return told('host.llm_input', where, {
    provider: name(event.provider),
    model: name(event.model),
    images: figure(imagesCount),
    messages: figure(historyMessages.length),
    inputHash: hash(systemPrompt === undefined ? { prompt } : { prompt, systemPrompt }),
  })
}

export function ofOutput({ provider, model, usage = {}, assistantTexts }: LlmOutput, where: Where): Told {
  return told('host.llm_output', where, {
    provider: name(provider),
    model: name(model),
    inputTokens: figure(usage.input),
    outputTokens: figure(usage.output),
    cacheReadTokens: figure(usage.cacheRead),
    cacheWriteTokens: figure(usage.cacheWrite),
    outputHash: hash(assistantTexts),
  })
}

/** Without a result and without an error it is not known how it went, and nothing is said of it. */
export function ofToolCall(event: ToolCall, where: Where): Told {
  const { toolName, toolCallId, params, result, error, durationMs } = event
  const outcome = error === undefined ? (result === undefined ? undefined : 'done') : 'failed'
  return told('host.after_tool_call', where, {
    toolName: name(toolName),
    toolCallId: name(toolCallId),
    outcome,
    durationMs: figure(durationMs),
    inputHash: hash(params),
    outputHash: result === undefined ? undefined : hash(result),
  })
}

export function ofSessionEnd({ messageCount, durationMs, reason }: SessionEnd, where: Where): Told {
  return told('host.session_end', where, {
    messages: figure(messageCount),
    durationMs: figure(durationMs),
    endReason: name(reason),
  })
}

type Perhaps<T> = { readonly [K in keyof T]?: T[K] | undefined }

function told(type: ConversationEvent, where: Where, more: Perhaps<ConversationFacts>): Told {
  const all = {
    runId: name(where.runId),
    sessionId: name(where.sessionId),
    agentId: name(where.agentId),
    ...more,
  }
  const known = Object.entries(all).filter(([, value]) => value !== undefined)
  return { type, facts: Object.fromEntries(known) as ConversationFacts }
}

/** On one line and bounded, whatever a plugin or a model may have called its tool. */
function name(text: string | undefined): string | undefined {
  const bounded = text
    ?.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .trim()
    .slice(0, 200)
    .trim()
  return bounded === '' ? undefined : bounded?.toWellFormed()
}

function figure(value: number | undefined): number | undefined {
  return value !== undefined && Number.isSafeInteger(Math.round(value)) && value >= 0
    ? Math.round(value)
    : undefined
}

/** Undefined for what has no JSON. */
function hash(value: unknown): string | undefined {
  try {
    const json: unknown = JSON.parse(JSON.stringify(value))
    return createHash('sha256').update(canonicalJson(json)).digest('hex')
  } catch {
    return undefined
  }
}
