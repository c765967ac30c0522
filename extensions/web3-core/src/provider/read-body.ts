/**
 * Reads a request's body into memory, within three bounds: what the lease allows for one request, what all requests of
 * this process may hold at a time, and how long a caller may take. Nothing beyond a bound is read.
 */
import type { IncomingMessage } from 'node:http'
import { MarketError } from '@openclaw-market/protocol/errors'

const mebibyte = 1_048_576
/** A body becomes one string when it is read, and V8's strings end near 512 MiB. */
export const mostBytesOfABody = 256 * mebibyte

export interface BodyBounds {
  /** Of all bodies that are being read or served. Default 256 MiB. */
  readonly inMemory: number
  /** Longest silence of a caller. Default 15 s. */
  readonly idleMs: number
  /** Longest that a body may take in all, where strangers send it: a byte now and then is no silence. Default: any. */
  readonly wholeMs?: number
}
export const defaultBodyBounds: BodyBounds = { inMemory: 256 * mebibyte, idleMs: 15_000 }

export interface ReadBody {
  readonly bytes: Buffer
  /** To be called when the request is over, once: its memory counts until then. */
  release(): void
}

export interface BodyReader {
  /** @throws MarketError E_PAYLOAD_TOO_LARGE, E_UNSUPPORTED_MEDIA, E_UNAVAILABLE, E_TIMEOUT, E_INVALID_ARGUMENT */
  read(request: IncomingMessage, maxBytes: number): Promise<ReadBody>
}

export function bodyReader(bounds: BodyBounds = defaultBodyBounds): BodyReader {
  let held = 0
  return {
    async read(request, allowed) {
      const maxBytes = Math.min(allowed, mostBytesOfABody)
      checkHead(request, maxBytes)
      let mine = 0
      const hold = (bytes: number): void => {
        if (mine + bytes > maxBytes) throw tooLarge(maxBytes)
        if (held + bytes > bounds.inMemory) throw crowded()
        mine += bytes
        held += bytes
      }
      let released = false
      const release = (): void => {
        if (!released) held -= mine
        released = true
      }
      try {
        return { bytes: await collect(request, bounds, hold), release }
      } catch (error) {
        release()
        throw error
      }
    },
  }
}

function checkHead(request: IncomingMessage, maxBytes: number): void {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
  if (encoding !== 'identity' && encoding !== '') {
    throw new MarketError('E_UNSUPPORTED_MEDIA', 'bodies are not taken compressed', {
      hint: 'Send the body as it is, without content-encoding.',
    })
  }
  const length = request.headers['content-length']
  if (length !== undefined && Number(length) > maxBytes) throw tooLarge(maxBytes)
}

/** By events: leaving a `for await` would destroy the connection that the answer has yet to go out on. */
function collect(
  request: IncomingMessage,
  { idleMs, wholeMs }: BodyBounds,
  hold: (bytes: number) => void,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      clearTimeout(last)
      request.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken)
      request.pause()
      settle()
    }
    const onData = (part: Buffer): void => {
      try {
        hold(part.byteLength)
      } catch (error) {
        end(() => reject(error instanceof Error ? error : new Error('body')))
        return
      }
      parts.push(part)
      timer.refresh()
    }
    const onEnd = (): void => end(() => resolve(Buffer.concat(parts)))
    const onBroken = (): void => end(() => reject(incomplete()))
    const late = (): void => end(() => reject(silent()))
    const timer = setTimeout(late, idleMs)
    const last = wholeMs === undefined ? undefined : setTimeout(late, wholeMs)
    request.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken)
    if (request.destroyed && !request.complete) onBroken()
  })
}

function tooLarge(maxBytes: number): MarketError {
  return new MarketError(
    'E_PAYLOAD_TOO_LARGE',
    `a request of this lease may have at most ${maxBytes} bytes`,
    {
      details: { maxBytes },
      hint: 'Send less in one request.',
    },
  )
}

function crowded(): MarketError {
  return new MarketError('E_UNAVAILABLE', 'the provider is busy with other requests', {
    details: { retryAfterSeconds: 1 },
    hint: 'Nothing was billed. Try again in a moment.',
  })
}

function silent(): MarketError {
  return new MarketError('E_TIMEOUT', 'the body of the request did not arrive in time', {
    hint: 'Nothing was billed. Send the whole body without pauses.',
  })
}

function incomplete(): MarketError {
  return new MarketError('E_INVALID_ARGUMENT', 'the body of the request is not complete', {
    details: { pointer: '', rule: 'complete' },
    hint: 'Send the whole body.',
  })
}
