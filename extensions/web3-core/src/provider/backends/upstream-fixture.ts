/** Real upstreams on 127.0.0.1 for the tests beside: each behaves, or misbehaves, as its handler says. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown

export interface Upstream {
  /** Without a path. */
  readonly origin: string
  /** How many connections were made. */
  readonly connections: () => number
}

export async function upstream(handler: Handler): Promise<Upstream> {
  const server = createServer((request, response) => {
    Promise.resolve(handler(request, response)).catch(() => response.destroy())
  })
  let connections = 0
  server.on('connection', () => connections++)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, connections: () => connections }
}

/** An origin on which nobody listens: it was bound a moment ago and is closed. */
export async function deadOrigin(): Promise<string> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}`
}

export async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return JSON.parse(Buffer.concat(parts).toString('utf8'))
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify(body))
}

/** What no error may show: stands in the bodies, headers and addresses of misbehaving upstreams. */
export const secretText = 'sk-live-SECRET at /srv/models/private'

/** Everything that an error could carry out of the process. */
export function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = Object.getOwnPropertyNames(error).map(
    (name) => `${name}=${JSON.stringify(Reflect.get(error, name))}`,
  )
  return [
    String(error),
    error.stack ?? '',
    ...own,
    error.cause === undefined ? '' : everythingIn(error.cause),
  ].join('\n')
}
