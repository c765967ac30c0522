import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { isRecord, parseJson, stringAt, type JsonRecord } from './json-value.ts'

/**
 * An OpenAI-compatible chat-completions server whose answers are written by a test, so that the host's real agent loop
 * runs without a model. Decide by "is there any tool result", never by the role of the last message: the host appends
 * a user message after a tool result, and such a script would loop for ever.
 */

export type ScriptedToolCall = { name: string; arguments: unknown }

export type ScriptedAnswer =
  | { text: string; usage?: ScriptedUsage }
  | { toolCalls: readonly ScriptedToolCall[]; usage?: ScriptedUsage }

export type ScriptedUsage = { promptTokens: number; completionTokens: number }

export type ModelMessage = {
  role: string
  /** The text of the content, whatever its shape. */
  text: string
  /** For `role: 'tool'`: the call that it answers. */
  toolCallId?: string
  raw: JsonRecord
}

export type OfferedTool = { name: string; description: string; parameters: unknown }

export type ModelRequest = {
  model: string
  stream: boolean
  messages: readonly ModelMessage[]
  tools: readonly OfferedTool[]
  authorization?: string
}

export type Script = (request: ModelRequest) => ScriptedAnswer | Promise<ScriptedAnswer>

export type ScriptedModel = {
  /** For `launchGateway({ model })`. */
  baseUrl: string
  modelId: string
  /** Every chat request so far, oldest first. */
  requests: readonly ModelRequest[]
  /** Answers from now on by another script. */
  setScript(script: Script): void
  close(): Promise<void>
}

const MODEL_ID = 'scripted-1'
const MAX_BODY_BYTES = 32 * 1024 * 1024
const DEFAULT_USAGE: ScriptedUsage = { promptTokens: 11, completionTokens: 7 }

/** The texts of all tool results of the conversation, oldest first. */
export const toolResults = (request: ModelRequest): readonly string[] =>
  request.messages.filter((message) => message.role === 'tool').map((message) => message.text)

export const startScriptedModel = async (initial: Script): Promise<ScriptedModel> => {
  let script = initial
  let answers = 0
  const requests: ModelRequest[] = []

  const answerChat = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parsed = readRequest(parseJson(await readBody(request)), request.headers.authorization)
    requests.push(parsed)
    answers += 1
    const answer = await script(parsed)
    const reply = { id: `chatcmpl-${answers}`, created: Math.floor(Date.now() / 1000), model: parsed.model }
    if (parsed.stream) sendStream(response, reply, answer)
    else sendJson(response, 200, wholeAnswer(reply, answer))
  }

  const server = createServer((request, response) => {
    const path = request.url ?? ''
    if (request.method === 'GET' && path.endsWith('/models')) {
      sendJson(response, 200, { object: 'list', data: [{ id: MODEL_ID, object: 'model' }] })
      return
    }
    if (request.method !== 'POST' || !path.endsWith('/chat/completions')) {
      sendJson(response, 404, { error: { message: `no ${request.method} ${path}` } })
      return
    }
    answerChat(request, response).catch((error: unknown) => {
      if (!response.headersSent) sendJson(response, 500, { error: { message: String(error) } })
      else response.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0

  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    modelId: MODEL_ID,
    requests,
    setScript: (next) => {
      script = next
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

type Reply = { id: string; created: number; model: string }

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > MAX_BODY_BYTES) throw new Error(`body over ${MAX_BODY_BYTES} bytes`)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const readRequest = (body: unknown, authorization: string | undefined): ModelRequest => ({
  model: stringAt(body, 'model') ?? MODEL_ID,
  stream: isRecord(body) && body['stream'] === true,
  messages: recordsAt(body, 'messages').map((raw) => {
    const toolCallId = stringAt(raw, 'tool_call_id')
    return {
      role: stringAt(raw, 'role') ?? '',
      text: textOf(raw['content']),
      ...(toolCallId === undefined ? {} : { toolCallId }),
      raw,
    }
  }),
  tools: recordsAt(body, 'tools').map((tool) => ({
    name: stringAt(tool['function'], 'name') ?? '',
    description: stringAt(tool['function'], 'description') ?? '',
    parameters: isRecord(tool['function']) ? tool['function']['parameters'] : undefined,
  })),
  ...(authorization === undefined ? {} : { authorization }),
})

const recordsAt = (value: unknown, key: string): readonly JsonRecord[] => {
  const found = isRecord(value) ? value[key] : undefined
  return Array.isArray(found) ? found.filter(isRecord) : []
}

const textOf = (content: unknown): string => {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part: unknown) => stringAt(part, 'text') ?? '').join('')
}

const usageOf = (answer: ScriptedAnswer): JsonRecord => {
  const { promptTokens, completionTokens } = answer.usage ?? DEFAULT_USAGE
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  }
}

const toolCallsOf = (reply: Reply, calls: readonly ScriptedToolCall[]): readonly JsonRecord[] =>
  calls.map((call, index) => ({
    index,
    id: `call_${reply.id.slice('chatcmpl-'.length)}_${index}`,
    type: 'function',
    function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  }))

const wholeAnswer = (reply: Reply, answer: ScriptedAnswer): JsonRecord => {
  const message =
    'text' in answer
      ? { role: 'assistant', content: answer.text }
      : { role: 'assistant', content: null, tool_calls: toolCallsOf(reply, answer.toolCalls) }
  const finish_reason = 'text' in answer ? 'stop' : 'tool_calls'
  return {
    ...reply,
    object: 'chat.completion',
    choices: [{ index: 0, message, finish_reason }],
    usage: usageOf(answer),
  }
}

const sendStream = (response: ServerResponse, reply: Reply, answer: ScriptedAnswer): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  const send = (more: JsonRecord): void => {
    response.write(`data: ${JSON.stringify({ ...reply, object: 'chat.completion.chunk', ...more })}\n\n`)
  }
  const delta = (delta: JsonRecord, finish_reason: string | null = null): void =>
    send({ choices: [{ index: 0, delta, finish_reason }] })
  if ('text' in answer) {
    delta({ role: 'assistant', content: '' })
    // More than one piece, as a real model streams.
    const middle = Math.ceil(answer.text.length / 2)
    for (const piece of [answer.text.slice(0, middle), answer.text.slice(middle)]) {
      if (piece !== '') delta({ content: piece })
    }
    delta({}, 'stop')
  } else {
    delta({ role: 'assistant', content: null, tool_calls: toolCallsOf(reply, answer.toolCalls) })
    delta({}, 'tool_calls')
  }
  send({ choices: [], usage: usageOf(answer) })
  response.end('data: [DONE]\n\n')
}

const sendJson = (response: ServerResponse, status: number, body: JsonRecord): void => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
