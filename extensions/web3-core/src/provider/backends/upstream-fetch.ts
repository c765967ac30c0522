/**
 * One request to an upstream that local config names. Redirects are not followed (an upstream cannot send us elsewhere),
 * every wait and every size has a bound, and all failures come out as ours.
 */
import { isMarketError, type MarketError } from '@openclaw-market/protocol/errors'
import { failureOfStatus, stopped, tooSlow, upstreamFailure, type Report } from './failures.ts'

export interface UpstreamRequest {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Longest wait for status line and headers. */
  readonly answerWithinMs: number
  /** The start of a content type that the answer must have. */
  readonly contentType: string
  readonly signal: AbortSignal
  readonly report: Report
}

/** The body of an answer that has begun; read chunk by chunk, each within a time. */
export interface UpstreamBody {
  /** The next bytes, or undefined at the proper end. @throws MarketError when the upstream breaks, stalls or is stopped. */
  read(withinMs: number): Promise<Uint8Array | undefined>
  /** Closes the connection, if it is still open. Never throws. */
  cancel(): void
}

/** @throws MarketError for anything but a 200 of the wanted type. */
export async function openUpstream(request: UpstreamRequest): Promise<UpstreamBody> {
  const { signal, report } = request
  if (signal.aborted) throw stopped(signal)
  const connection = new AbortController()
  // Listens for as long as the connection lives, so that a call that ends between two reads also frees the upstream.
  const stop = (): void => connection.abort()
  signal.addEventListener('abort', stop, { once: true })
  const close = (): void => {
    signal.removeEventListener('abort', stop)
    connection.abort()
  }
  let slow = false
  const within = async <T>(ms: number, wait: () => Promise<T>): Promise<T> => {
    const timer = setTimeout(() => {
      slow = true
      connection.abort()
    }, ms)
    try {
      return await wait()
    } finally {
      clearTimeout(timer)
    }
  }
  const fail = (error: unknown, begun: boolean): MarketError => {
    if (isMarketError(error)) return error
    if (signal.aborted) return stopped(signal)
    const code = codeOf(error)
    if (slow || code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
      report('slow')
      return tooSlow()
    }
    if (code.startsWith('HPE_')) {
      report('not-http')
      return upstreamFailure('malformed')
    }
    // A connection that was made and then lost is a fault of the upstream's, not its absence.
    const lost = begun || code === 'UND_ERR_SOCKET' || code === 'ECONNRESET'
    report(lost ? 'connection-lost' : 'unreachable')
    return upstreamFailure(lost ? 'error' : 'down')
  }
  try {
    const response = await within(request.answerWithinMs, () =>
      fetch(request.url, {
        method: request.method,
        // No compression: it would let a small answer grow beyond its bound, and delays what is streamed.
        headers: { ...request.headers, accept: request.contentType, 'accept-encoding': 'identity' },
        ...(request.body === undefined ? {} : { body: request.body }),
        redirect: 'manual',
        signal: connection.signal,
      }),
    )
    if (response.status !== 200) throw failureOfStatus(response.status, report)
    const type = response.headers.get('content-type') ?? ''
    if (!type.toLowerCase().startsWith(request.contentType) || response.body === null) {
      report('content-type')
      throw upstreamFailure('malformed')
    }
    const reader = response.body.getReader()
    return {
      async read(withinMs) {
        try {
          const { value, done } = await within(withinMs, () => reader.read())
          if (!done) return value
          signal.removeEventListener('abort', stop)
          return undefined
        } catch (error) {
          close()
          throw fail(error, true)
        }
      },
      cancel: close,
    }
  } catch (error) {
    const failure = fail(error, false)
    close()
    throw failure
  }
}

/** Reads a whole JSON body of at most `maxBytes`. */
export async function readJson(
  body: UpstreamBody,
  bounds: { readonly maxBytes: number; readonly idleMs: number },
  report: Report,
): Promise<unknown> {
  const parts: Uint8Array[] = []
  let size = 0
  try {
    for (
      let part = await body.read(bounds.idleMs);
      part !== undefined;
      part = await body.read(bounds.idleMs)
    ) {
      size += part.byteLength
      if (size > bounds.maxBytes) {
        report('too-large')
        throw upstreamFailure('malformed')
      }
      parts.push(part)
    }
  } catch (error) {
    body.cancel()
    throw error
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts))) as unknown
  } catch {
    report('not-json')
    throw upstreamFailure('malformed')
  }
}

/** Fetch wraps the reason in `cause`; undici and Node give it a code. */
function codeOf(error: unknown): string {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    if ('code' in at && typeof at.code === 'string') return at.code
  }
  return ''
}
