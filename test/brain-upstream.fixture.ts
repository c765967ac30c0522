/** An upstream model that answers as a test says, piece by piece, and keeps what it was asked to the byte. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { isRecord, parseJson, type JsonRecord } from '../scripts/gateway/json-value.ts'
import { list, record } from './market-gateway.fixture.ts'

export interface AskedModel {
  readonly raw: string
  readonly body: JsonRecord
}

/** A delta, the end with what it says that it used, or a break of the connection. */
export type Piece =
  | { readonly delta: JsonRecord }
  | { readonly end: string; readonly used: readonly [input: number, output: number] }
  | 'break'

/** Pieces for a request; a promise among them is waited for before what follows it. */
export type Answering = (asked: AskedModel) => readonly (Piece | Promise<unknown>)[]

export interface BrainUpstream {
  /** For the config of an `openai-compat` backend. */
  readonly baseUrl: string
  readonly asked: readonly AskedModel[]
  /** Connections that were left before their answer was whole. */
  readonly left: () => number
  answer(as: Answering): void
  close(): Promise<void>
}

export async function startBrainUpstream(): Promise<BrainUpstream> {
  const asked: AskedModel[] = []
  let answering: Answering = () => says('nothing to say')
  let left = 0
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const raw = await textOf(request)
    const ask = { raw, body: record(parseJson(raw)) }
    asked.push(ask)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.once('close', () => (left += response.writableEnded ? 0 : 1))
    for (const piece of answering(ask)) {
      // What was said before is on its way first.
      if (piece === 'break') return void request.socket.end()
      if (piece instanceof Promise) {
        response.flushHeaders()
        await piece
      } else send(response, piece)
    }
    response.end('data: [DONE]\n\n')
  }
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    asked,
    left: () => left,
    answer: (as) => (answering = as),
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function send(response: ServerResponse, piece: Exclude<Piece, 'break'>): void {
  const head = { id: 'chatcmpl-up', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'up-1' }
  const event = (more: JsonRecord): void =>
    void response.write(`data: ${JSON.stringify({ ...head, ...more })}\n\n`)
  if ('delta' in piece) return event({ choices: [{ index: 0, delta: piece.delta, finish_reason: null }] })
  const [prompt_tokens, completion_tokens] = piece.used
  event({ choices: [{ index: 0, delta: {}, finish_reason: piece.end }] })
  event({
    choices: [],
    usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
  })
}

export function says(text: string, used: readonly [number, number] = [120, 9]): readonly Piece[] {
  const middle = Math.ceil(text.length / 2)
  return [
    { delta: { role: 'assistant', content: text.slice(0, middle) } },
    { delta: { content: text.slice(middle) } },
    { end: 'stop', used },
  ]
}

/** Messages of that role, oldest first. */
export function ofRole({ body }: AskedModel, role: string): readonly JsonRecord[] {
  return list(body['messages']).filter((message) => message['role'] === role)
}

/** The text that a message says, whatever its form. */
export function said({ content }: JsonRecord): string {
  if (typeof content === 'string') return content
  return Array.isArray(content)
    ? content
        .map((part: unknown) => (isRecord(part) && typeof part['text'] === 'string' ? part['text'] : ''))
        .join('')
    : ''
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(Buffer.from(part as Uint8Array))
  return Buffer.concat(parts).toString('utf8')
}
