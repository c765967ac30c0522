/**
 * A model that answers by rule, for demonstrations and tests: an OpenAI-compatible server of its own on 127.0.0.1.
 * It says in every answer that it is a demo, gives the same answer to the same question, and keeps its own books of
 * what it served, so that a market's figures can be compared with what the upstream really did.
 *
 *   node scripts/demo-model-server.mjs [port]        prints {"listening": port} when ready; port 0 or none: any free one
 *
 *   GET  /v1/models              GET /demo/served → { requests, input_tokens, output_tokens, list: [...] }
 *   POST /v1/chat/completions    JSON or SSE; honours max_tokens and stream_options.include_usage
 *
 * A token is a word, with the space before it.
 */
import { createServer } from 'node:http'
import process from 'node:process'

const model = 'demo-1'
const maxBody = 16 * 1024 * 1024
const maxList = 10_000
const defaultTokens = 4_096

const served = { requests: 0, input_tokens: 0, output_tokens: 0, list: [] }

const tokensOf = (text) => text.match(/\s*\S+/g) ?? []

function textOf(content) {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part) => (typeof part?.text === 'string' ? part.text : '')).join(' ')
}

/** What the demo has to say, as tokens. "count to N" gives long answers of a known length. */
function answerTo(messages) {
  const question = textOf(messages.findLast((m) => m.role === 'user')?.content).trim()
  const count = /count to (\d{1,6})/i.exec(question)?.[1]
  if (count !== undefined) {
    return tokensOf(`demo-1 counts: ${Array.from({ length: Number(count) }, (_, i) => i + 1).join(' ')}`)
  }
  return tokensOf(`This is demo-1, a bundled demo model that repeats what it is told. You said: ${question}`)
}

function record(entry) {
  served.requests += 1
  served.input_tokens += entry.input_tokens
  served.output_tokens += entry.output_tokens
  if (served.list.length < maxList) served.list.push(entry)
}

function sendJson(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

function sendError(response, status, message) {
  sendJson(response, status, {
    error: { message, type: status < 500 ? 'invalid_request_error' : 'server_error' },
  })
}

async function readBody(request) {
  const parts = []
  let size = 0
  for await (const part of request) {
    size += part.length
    if (size > maxBody) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function chat(request, response) {
  const text = await readBody(request)
  if (text === undefined) return sendError(response, 413, 'the request is too large')
  const body = parse(text)
  const messages = body?.messages
  if (!Array.isArray(messages) || messages.length === 0)
    return sendError(response, 400, 'messages are missing')
  const limit = body.max_completion_tokens ?? body.max_tokens ?? defaultTokens
  if (!Number.isInteger(limit) || limit < 1)
    return sendError(response, 400, 'max_tokens is not a positive integer')

  const said = answerTo(messages)
  const tokens = said.slice(0, limit)
  const finish = tokens.length < said.length ? 'length' : 'stop'
  const input = messages.reduce((sum, m) => sum + tokensOf(textOf(m?.content)).length, 0)
  const id = `chatcmpl-demo-${served.requests + 1}`
  const created = Math.floor(Date.now() / 1000)
  const usage = (output) => ({
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
  })
  const entry = { id, stream: body.stream === true, input_tokens: input, output_tokens: 0, complete: false }

  if (body.stream !== true) {
    record({ ...entry, output_tokens: tokens.length, complete: true })
    const message = { role: 'assistant', content: tokens.join('') }
    const choices = [{ index: 0, message, finish_reason: finish }]
    return sendJson(response, 200, {
      id,
      object: 'chat.completion',
      created,
      model,
      choices,
      usage: usage(tokens.length),
    })
  }

  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  const withUsage = body.stream_options?.include_usage === true
  const send = (choices, extra = {}) => {
    const chunk = {
      id,
      object: 'chat.completion.chunk',
      created,
      model,
      choices,
      ...(withUsage ? { usage: null } : {}),
      ...extra,
    }
    return response.write(`data: ${JSON.stringify(chunk)}\n\n`)
  }
  const delta = (content, finish_reason = null) => [{ index: 0, delta: content, finish_reason }]
  let gone = false
  response.once('close', () => (gone = true))
  send(delta({ role: 'assistant', content: '' }))
  let output = 0
  for (const token of tokens) {
    if (gone) break
    output += 1
    // Writes no faster than it is read, and notices a reader that left.
    if (!send(delta({ content: token }))) {
      await new Promise((resolve) => {
        response.once('drain', resolve)
        response.once('close', resolve)
      })
    } else if (output % 16 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const complete = !gone
  record({ ...entry, output_tokens: output, complete })
  if (!complete) return
  send(delta({}, finish))
  if (withUsage) send([], { usage: usage(output) })
  response.end('data: [DONE]\n\n')
}

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://demo')
  const route = `${request.method} ${pathname}`
  if (route === 'GET /v1/models') {
    return sendJson(response, 200, {
      object: 'list',
      data: [{ id: model, object: 'model', created: 0, owned_by: 'demo' }],
    })
  }
  if (route === 'GET /demo/served') return sendJson(response, 200, served)
  if (route !== 'POST /v1/chat/completions') return sendError(response, 404, 'no such route')
  chat(request, response).catch(() => {
    if (response.headersSent) response.destroy()
    else sendError(response, 500, 'the demo failed')
  })
})

const port = Number(process.argv[2] ?? 0)
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  process.stderr.write('usage: node scripts/demo-model-server.mjs [port]\n')
  process.exit(2)
}
server.on('error', (error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})
server.listen(port, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ listening: server.address().port })}\n`)
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(0))
