/** Stands between a gateway and another market, and changes what the market says. */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** @returns the reply that goes out; `cut`: none, the connection ends; `half`: its beginning. */
export type Tamper = (path: string, reply: Reply) => Reply | 'cut' | 'half'

export interface TamperingProxy {
  readonly url: string
  /** From now on. */
  tamper(by: Tamper): void
}

export async function tamperingProxy(target: string): Promise<TamperingProxy> {
  let tamper: Tamper = (_path, reply) => reply
  const server = createServer((request, response) => {
    forward(target, request).then(
      (honest) => {
        const reply = tamper((request.url ?? '').split('?', 1)[0] ?? '', honest)
        if (reply === 'cut') {
          response.destroy()
          return
        }
        const { status, headers, body } = reply === 'half' ? honest : reply
        response.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) })
        if (reply === 'half') response.write(body.slice(0, 10), () => response.destroy())
        else response.end(body)
      },
      () => response.destroy(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tamper: (by) => void (tamper = by),
  }
}

async function forward(target: string, request: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const kept = Object.entries(request.headers).filter(
    ([name]) => !/^(host|connection|content-length|transfer-encoding)$/.test(name),
  )
  const response = await fetch(target + (request.url ?? ''), {
    method: request.method ?? 'GET',
    headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
    ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
  })
  const headers = Object.fromEntries(
    [...response.headers].filter(([name]) => /^(content-type|x-)/.test(name)),
  )
  return { status: response.status, headers, body: await response.text() }
}

/** Changes the JSON of one path's answers. */
export function inJson(path: string, change: (json: Record<string, unknown>) => unknown): Tamper {
  return (at, reply) =>
    at === path
      ? { ...reply, body: JSON.stringify(change(JSON.parse(reply.body) as Record<string, unknown>)) }
      : reply
}
