/** An upstream model under the test's hand: whole answers at once, streams piece by piece and never to an end. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { parseJson } from '../scripts/gateway/json-value.ts'
import { record } from './market-gateway.fixture.ts'

export interface HeldUpstream {
  /** For the config of an `openai-compat` backend. */
  readonly baseUrl: string
  readonly requests: () => number
  /** Sends a piece into every stream that is open. */
  say(piece: string): void
  /** Answers every request from now on with this status and text. */
  fail(status: number, text: string): void
  close(): Promise<void>
}

/** What a whole answer claims to have used. */
export const wholeUsage = { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 }

export async function startHeldUpstream(): Promise<HeldUpstream> {
  const open = new Set<ServerResponse>()
  let requests = 0
  let failure: { status: number; text: string } | undefined
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    requests += 1
    const { stream } = record(parseJson(await bodyOf(request)))
    if (failure !== undefined) {
      response.writeHead(failure.status, { 'content-type': 'text/plain' }).end(failure.text)
      return
    }
    const head = { id: `chatcmpl-${requests}`, created: 1_700_000_000, model: 'held-1' }
    if (stream === true) {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      open.add(response)
      response.once('close', () => open.delete(response))
      return
    }
    const choices = [{ index: 0, message: { role: 'assistant', content: 'Good day' }, finish_reason: 'stop' }]
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ ...head, object: 'chat.completion', choices, usage: wholeUsage }))
  }
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    requests: () => requests,
    say(piece) {
      const choices = [{ index: 0, delta: { content: piece }, finish_reason: null }]
      const chunk = {
        id: 'chatcmpl-held',
        object: 'chat.completion.chunk',
        created: 1_700_000_000,
        model: 'held-1',
        choices,
      }
      for (const response of open) response.write(`data: ${JSON.stringify(chunk)}\n\n`)
    },
    fail(status, text) {
      failure = { status, text }
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(Buffer.from(part as Uint8Array))
  return Buffer.concat(parts).toString('utf8')
}
