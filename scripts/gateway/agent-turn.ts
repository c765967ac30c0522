import { randomUUID } from 'node:crypto'
import { isRecord, parseJson, stringAt } from './json-value.ts'
import type { Gateway } from './launch.ts'
import type { OperatorScope } from './rpc-client.ts'

/** Talks to the agent the way an owner does: a whole turn through the real CLI, or a slash command over chat. */

export type AgentTurnOptions = {
  message: string
  /** Default `agent:main:` and a fresh name. */
  sessionKey?: string
  /** Default `main`. */
  agent?: string
  /** `provider/model`, when not the configured one. */
  model?: string
  /** Seconds that the turn may take; default 60. */
  timeoutSeconds?: number
}

export type AgentTurn = {
  status: string
  sessionKey: string
  /** What the user would read, one entry for each message. */
  texts: readonly string[]
  provider: string
  model: string
  /** Names of the tools that the turn called, as the host counts them. */
  tools: readonly string[]
  toolCalls: number
  toolFailures: number
  /** Tokens summed over all model calls of the turn. */
  usage: { input: number; output: number }
  raw: unknown
}

/** Runs one real turn. Throws with the CLI's own words when no turn came back; a failed turn has another `status`. */
export const runAgentTurn = async (gateway: Gateway, options: AgentTurnOptions): Promise<AgentTurn> => {
  const sessionKey = options.sessionKey ?? `agent:${options.agent ?? 'main'}:${randomUUID()}`
  const seconds = options.timeoutSeconds ?? 60
  const { code, stdout, stderr } = await gateway.openclaw(
    [
      'agent',
      `--agent=${options.agent ?? 'main'}`,
      `--session-key=${sessionKey}`,
      // One word, so that a message may begin with a dash.
      `--message=${options.message}`,
      ...(options.model === undefined ? [] : [`--model=${options.model}`]),
      `--timeout=${seconds}`,
      '--json',
    ],
    // The CLI itself needs seconds to start on a busy machine.
    { timeoutMs: (seconds + 60) * 1_000 },
  )
  const raw = parseJson(stdout)
  if (!isRecord(raw)) throw new Error(`openclaw agent: exit ${code}\n${stdout}\n${stderr}`)
  const result = raw['result']
  const meta = at(result, 'meta')
  const agentMeta = at(meta, 'agentMeta')
  const summary = at(meta, 'toolSummary')
  return {
    status: stringAt(raw, 'status') ?? 'unknown',
    sessionKey,
    texts: listAt(result, 'payloads').flatMap((payload) => stringAt(payload, 'text') ?? []),
    provider: stringAt(agentMeta, 'provider') ?? '',
    model: stringAt(agentMeta, 'model') ?? '',
    tools: listAt(summary, 'tools').filter((name) => typeof name === 'string'),
    toolCalls: numberAt(summary, 'calls'),
    toolFailures: numberAt(summary, 'failures'),
    usage: {
      input: numberAt(at(agentMeta, 'usage'), 'input'),
      output: numberAt(at(agentMeta, 'usage'), 'output'),
    },
    raw,
  }
}

export type ChatReply = { state: 'final' | 'error' | 'aborted'; text: string; payload: unknown }

export type ChatOptions = {
  /** Default `agent:main:main`. */
  sessionKey?: string
  /** Who speaks; default read and write, what a chat surface has. */
  scopes?: readonly OperatorScope[]
  timeoutMs?: number
  /** More of `chat.send`: `thinking`, `attachments` … */
  more?: Readonly<Record<string, unknown>>
  /** Called with the run's id as soon as the host has taken the message. */
  onAccepted?: (runId: string) => void
}

const CHAT_SCOPES: readonly OperatorScope[] = ['operator.read', 'operator.write']
const CHAT_TIMEOUT_MS = 30_000

/** Sends a chat message, for instance `/pay_status`, and waits for the answer that ends it. */
export const sendChat = async (
  gateway: Gateway,
  message: string,
  options: ChatOptions = {},
): Promise<ChatReply> => {
  const limit = options.timeoutMs ?? CHAT_TIMEOUT_MS
  const connection = await gateway.connection(options.scopes ?? CHAT_SCOPES)
  const runId = randomUUID()
  const ended = Promise.withResolvers<ChatReply>()
  const stopListening = connection.on('chat', ({ payload }) => {
    const state = stringAt(payload, 'state')
    if (stringAt(payload, 'runId') !== runId) return
    if (state !== 'final' && state !== 'error' && state !== 'aborted') return
    const text = textOf(at(payload, 'message')) || (stringAt(payload, 'errorMessage') ?? '')
    ended.resolve({ state, text, payload })
  })
  const timer = setTimeout(() => {
    ended.reject(new Error(`chat: no final answer to ${JSON.stringify(message)} within ${limit} ms`))
  }, limit)
  // Rejected while we still wait for the acknowledgement, it must not be an unhandled rejection.
  ended.promise.catch(() => undefined)
  try {
    const accepted = await connection.call(
      'chat.send',
      {
        sessionKey: options.sessionKey ?? 'agent:main:main',
        message,
        idempotencyKey: runId,
        ...options.more,
      },
      { timeoutMs: limit },
    )
    if (!accepted.ok) throw new Error(`chat.send: ${accepted.error.code}: ${accepted.error.message}`)
    options.onAccepted?.(runId)
    return await ended.promise
  } finally {
    clearTimeout(timer)
    stopListening()
  }
}

const at = (value: unknown, key: string): unknown => (isRecord(value) ? value[key] : undefined)

const listAt = (value: unknown, key: string): readonly unknown[] => {
  const found = at(value, key)
  return Array.isArray(found) ? found : []
}

const numberAt = (value: unknown, key: string): number => {
  const found = at(value, key)
  return typeof found === 'number' ? found : 0
}

const textOf = (message: unknown): string => {
  const content = at(message, 'content')
  if (typeof content === 'string') return content
  return listAt(message, 'content')
    .map((part) => stringAt(part, 'text') ?? '')
    .join('')
}
