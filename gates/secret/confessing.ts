/**
 * The worst upstream, and the worst other market: it serves well, or repeats whatever it was sent, credentials first, in
 * the words of its failure.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** Answers one request well. */
type Serve = (request: IncomingMessage, body: Buffer, response: ServerResponse) => void | Promise<void>

/** How it fails: `stream` breaks one that has begun; `envelope` is a failure in our own form. */
export const ways = ['500', '400', '401', 'moved', 'garbage', 'envelope', 'stream', 'broken stream'] as const
export type Way = (typeof ways)[number]

export interface Confessing {
  readonly url: string
  /** From now on; `well` again, too. */
  answer(way: Way | 'well'): void
  close(): Promise<void>
}

export async function startConfessing(words: string, serve: Serve): Promise<Confessing> {
  let way: Way | 'well' = 'well'
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request)
    if (way === 'well') return serve(request, body, response)
    const { authorization = '' } = request.headers
    const said = [words, authorization, JSON.stringify(request.headers), request.url, body.toString()].join(
      ' ',
    )
    confess(response, way, said, authorization)
  }
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    answer: (next) => void (way = next),
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function confess(response: ServerResponse, way: Way, said: string, credential: string): void {
  const json = { 'content-type': 'application/json' }
  switch (way) {
    case '500':
    case '400':
    case '401':
      response.writeHead(Number(way), json).end(JSON.stringify({ error: { message: said, code: said } }))
      return
    case 'moved':
      response.writeHead(302, { location: `/elsewhere?key=${encodeURIComponent(credential)}` }).end(said)
      return
    case 'garbage':
      response.writeHead(200, json).end(`<html>${said}`)
      return
    case 'envelope':
      response.writeHead(429, { ...json, 'retry-after': said.replaceAll(/[^ -~]/g, '').slice(0, 200) })
      response.end(
        JSON.stringify({
          ok: false,
          error: 'E_RATE_LIMITED',
          message: `${credential} comes too often`,
          hint: `Wait, ${credential}.`,
          details: { [credential]: { token: credential.split(' ') } },
        }),
      )
      return
    case 'stream':
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(`data: ${JSON.stringify({ error: { message: said } })}\n\n`)
      return
    case 'broken stream':
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`: ${said}\n\ndata: {"id":"1","model":"${said.length}","error":{}, ${said}`, () =>
        response.destroy(),
      )
  }
}
