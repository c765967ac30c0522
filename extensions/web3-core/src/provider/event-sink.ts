/** Where a stream's events go out: as fast as the caller takes them, hashed, and kept for the next time if they fit. */
import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Answer } from './answer.ts'
import { standingHeaders } from './send.ts'

export interface EventSink {
  /** The caller is gone: what is sent from now on is kept, and reaches nobody. */
  gone(): boolean
  open(headers: Readonly<Record<string, string>>): void
  send(data: string): void
  /** Resolves when there is room for more, or nobody is there to take it, or `signal` aborts. */
  room(signal: AbortSignal): Promise<void>
  /** SHA-256 over the bytes that were sent so far. */
  hash(): string
  end(): void
  /** All that was sent, when it was not too much to keep. */
  kept(): Answer | undefined
}

/** How long the last bytes may take to a caller that does not read. */
const flushMs = 10_000

export function eventSink(response: ServerResponse, maxKept: number): EventSink {
  const hash = createHash('sha256')
  let headers: Readonly<Record<string, string>> = {}
  let parts: Buffer[] | undefined = []
  let size = 0
  const gone = (): boolean => response.destroyed || response.writableEnded
  return {
    gone,
    open(more) {
      headers = { 'content-type': 'text/event-stream; charset=utf-8', ...more }
      // x-accel-buffering: a proxy in between must not collect the stream.
      if (!gone()) response.writeHead(200, { ...standingHeaders, 'x-accel-buffering': 'no', ...headers })
    },
    send(data) {
      const bytes = Buffer.from(`data: ${data}\n\n`)
      hash.update(bytes)
      size += bytes.byteLength
      if (size > maxKept) parts = undefined
      parts?.push(bytes)
      if (!gone()) response.write(bytes)
    },
    room: async (signal) => (gone() || !response.writableNeedDrain ? undefined : drained(response, signal)),
    hash: () => hash.copy().digest('hex'),
    end() {
      if (gone()) return
      const timer = setTimeout(() => response.destroy(), flushMs)
      response.once('close', () => clearTimeout(timer))
      response.end()
    },
    kept: () => (parts === undefined ? undefined : { status: 200, headers, body: Buffer.concat(parts) }),
  }
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      response.off('drain', end).off('close', end)
      signal.removeEventListener('abort', end)
      resolve()
    }
    if (signal.aborted) return resolve()
    response.once('drain', end).once('close', end)
    signal.addEventListener('abort', end, { once: true })
  })
}
