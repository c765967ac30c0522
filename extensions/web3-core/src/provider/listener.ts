/**
 * The provider's own door: an HTTP server that serves `/web3/*` and nothing else, so that nobody has to expose the gateway
 * to a leaseholder (DESIGN §11). Bounded in connections, headers and time; TLS is for the proxy in front of it.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { MarketError, toFailure } from '@openclaw-market/protocol/errors'
import { errorAnswer } from './answer.ts'
import { send } from './send.ts'

export interface ListenerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string
  /** 0: any that is free. */
  readonly port: number
  /** Answers and says true, or does nothing and says false. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>
  readonly maxConnections?: number
}

export interface Listener {
  /** Without a path: `http://127.0.0.1:8787` */
  readonly url: string
  /** Takes no new request and ends when the running ones have, after `withinMs` (10 s) in any case. */
  close(withinMs?: number): Promise<void>
}

export const listenerLimits = {
  maxConnections: 1_024,
  maxHeaderSize: 16_384,
  headersTimeout: 10_000,
  /** For the whole request, body included. */
  requestTimeout: 300_000,
  keepAliveTimeout: 5_000,
  maxRequestsPerSocket: 1_000,
} as const

/** @throws when the address cannot be listened on. */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const { host = '127.0.0.1', port, handler, maxConnections = listenerLimits.maxConnections } = options
  const { maxHeaderSize, headersTimeout, requestTimeout, keepAliveTimeout, maxRequestsPerSocket } =
    listenerLimits
  let closing = false
  const server = createServer(
    { maxHeaderSize, headersTimeout, requestTimeout, keepAliveTimeout, connectionsCheckingInterval: 5_000 },
    (request, response) => {
      if (closing) response.setHeader('connection', 'close')
      response.once('close', () => {
        if (closing) server.closeIdleConnections()
      })
      void answer(request, response, handler)
    },
  )
  server.maxConnections = maxConnections
  server.maxRequestsPerSocket = maxRequestsPerSocket
  server.on('clientError', refuseClient)
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  return {
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    async close(withinMs = 10_000) {
      if (!server.listening) return
      closing = true
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), withinMs)
      await closed
      clearTimeout(timer)
    },
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  handler: ListenerOptions['handler'],
): Promise<void> {
  try {
    const ours = request.url?.startsWith('/web3/') === true && (await handler(request, response))
    if (!ours) await send(request, response, errorAnswer(nothingHere(), 'envelope'))
  } catch {
    response.destroy()
  }
}

function nothingHere(): MarketError {
  return new MarketError('E_NOT_FOUND', 'there is nothing at this path')
}

/** What is not HTTP, too large a head or too slow never becomes a request; it still gets an answer when it can. */
function refuseClient(error: Error, socket: Socket): void {
  const code = 'code' in error ? error.code : undefined
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status =
    code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request'
  const failure = toFailure(new MarketError('E_INVALID_ARGUMENT', 'this is not a request that can be read'))
  const body = JSON.stringify(failure)
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
