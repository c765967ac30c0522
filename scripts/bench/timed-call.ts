import { Agent, request } from 'node:http'
import { problemOf } from './answers.ts'

export interface Target {
  readonly name: string
  readonly url: string
}

export interface Timing {
  /** From before the request to the first bytes of the body. */
  readonly firstMs: number
  /** To the last. */
  readonly wholeMs: number
}

export interface Caller {
  call(): Promise<Timing>
  close(): void
}

export interface CallerOptions {
  /** As many connections, kept alive. */
  readonly connections: number
  readonly body: string
  readonly stream: boolean
  readonly token: string
}

/** A client of one target. An answer that is not the upstream's, whole, is an error: no figure comes of it. */
export function caller({ name, url }: Target, options: CallerOptions): Caller {
  const { connections, body, stream, token } = options
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    authorization: `Bearer ${token}`,
  }
  const call = (): Promise<Timing> =>
    new Promise((resolve, reject) => {
      const startedAt = performance.now()
      const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
        const parts: Buffer[] = []
        let firstAt = 0
        answer.on('data', (part: Buffer) => {
          if (parts.length === 0) firstAt = performance.now()
          parts.push(part)
        })
        answer.on('error', reject)
        answer.on('end', () => {
          const timing = { firstMs: firstAt - startedAt, wholeMs: performance.now() - startedAt }
          const text = Buffer.concat(parts).toString()
          const problem = answer.statusCode === 200 ? problemOf(text, stream) : `${answer.statusCode} ${text}`
          if (problem === undefined) resolve(timing)
          else reject(new Error(`${name}: ${problem}`))
        })
      })
      sent.on('error', reject)
      sent.end(body)
    })
  return { call, close: () => agent.destroy() }
}
