/**
 * A door of its own on loopback, through which the host's client of OpenAI's protocol talks to whichever lease serves. The
 * client gets a ticket for one request and never sees a lease's token; so none can end up in the host's logs or in a
 * transcript. It listens from the first ticket on.
 */
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { MarketError, toFailure } from '@openclaw-market/protocol/errors'

export type Relayed = (body: Buffer, response: ServerResponse, signal: AbortSignal) => Promise<void>

export interface Ticket {
  /** For a client of OpenAI's protocol. */
  readonly baseUrl: string
  readonly apiKey: string
  /** Without it the ticket waits for its request for ever. */
  withdraw(): void
}

export interface Relay {
  issue(work: Relayed): Promise<Ticket>
  close(): Promise<void>
}

/** A conversation with pictures in it. What is too large for the provider, the provider says. */
const maxBodyBytes = 64 * 1024 * 1024
const path = '/v1/chat/completions'

export function relay(report: (what: string, error: unknown) => void): Relay {
  const tickets = new Map<string, Relayed>()
  let listening: Promise<{ server: Server; port: number }> | undefined

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const apiKey = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const work = tickets.get(apiKey)
    tickets.delete(apiKey)
    if (work === undefined || request.method !== 'POST' || request.url !== path) return refuse(response)
    const left = new AbortController()
    response.once('close', () => left.abort())
    const body = await bodyOf(request)
    if (body === undefined) return refuse(response)
    await work(body, response, left.signal)
  }

  const listen = (): Promise<{ server: Server; port: number }> =>
    new Promise((resolve, reject) => {
      const server = createServer((request, response) => {
        serve(request, response).catch((error: unknown) => {
          report('a call of a leased brain', error)
          response.destroy()
        })
      })
      server.once('error', reject)
      server.listen({ host: '127.0.0.1', port: 0 }, () => {
        const address = server.address()
        if (typeof address === 'object' && address !== null) resolve({ server, port: address.port })
        else reject(new Error('listens nowhere'))
      })
    })

  return {
    async issue(work) {
      listening ??= listen()
      const { port } = await listening.catch((error: unknown) => {
        listening = undefined
        throw error
      })
      const apiKey = `brn_${randomBytes(32).toString('base64url')}`
      tickets.set(apiKey, work)
      return { baseUrl: `http://127.0.0.1:${port}/v1`, apiKey, withdraw: () => void tickets.delete(apiKey) }
    },
    async close() {
      tickets.clear()
      const open = await listening?.catch(() => undefined)
      listening = undefined
      if (open === undefined) return
      const closed = new Promise<void>((resolve) => open.server.close(() => resolve()))
      open.server.closeAllConnections()
      await closed
    },
  }
}

/** To a client that is none of ours. */
function refuse(response: ServerResponse): void {
  const { message } = toFailure(new MarketError('E_NOT_FOUND', 'there is nothing here'))
  response.writeHead(404, { 'content-type': 'application/json', connection: 'close' })
  response.end(
    JSON.stringify({ error: { message, type: 'not_found_error', code: 'E_NOT_FOUND', param: null } }),
  )
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request) {
    const bytes = Buffer.from(part as Uint8Array) // chunks of a request without an encoding
    size += bytes.byteLength
    if (size > maxBodyBytes) return undefined
    parts.push(bytes)
  }
  return Buffer.concat(parts)
}
