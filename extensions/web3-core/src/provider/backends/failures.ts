/**
 * How a backend fails, in our words. None of these carries a `cause`: an upstream's error names addresses, keys and
 * paths, and what is not in the error cannot be printed by mistake. What an operator needs to mend it goes to `Report`
 * as a word from a short list.
 */
import { isMarketError, MarketError } from '@openclaw-market/protocol/errors'

/** Tells the operator's side why a backend failed: low cardinality, no upstream text; must not throw. */
export type Report = (reason: string) => void
export const unreported: Report = () => undefined

export type UpstreamTrouble = 'down' | 'error' | 'malformed'

const said: Record<UpstreamTrouble, string> = {
  down: 'the provider’s backend cannot be reached',
  error: 'the provider’s backend failed',
  malformed: 'the provider’s backend gave an answer that makes no sense',
}

export function upstreamFailure(trouble: UpstreamTrouble): MarketError {
  return new MarketError('E_UNAVAILABLE', said[trouble], {
    details: { upstream: trouble },
    hint: 'Try again in a while, or use another resource.',
  })
}

export function tooSlow(): MarketError {
  return new MarketError('E_TIMEOUT', 'the provider’s backend did not answer in time', {
    hint: 'Try again in a while, or ask for less.',
  })
}

export function refusedByUpstream(): MarketError {
  return new MarketError('E_INVALID_ARGUMENT', 'the provider’s model does not take this request', {
    hint: 'Shorten the messages, lower max_tokens or leave out options that the model may not know, then send again.',
  })
}

export function invalid(pointer: string, rule: string, message: string): MarketError {
  return new MarketError('E_INVALID_ARGUMENT', `${pointer}: ${message}`, {
    details: { pointer, rule },
    hint: `Correct ${pointer}, then send again.`,
  })
}

/** What a call that was told to stop rejects with. */
export function stopped(signal: AbortSignal): MarketError {
  const reason: unknown = signal.reason
  if (isMarketError(reason)) return reason
  return new MarketError('E_TIMEOUT', 'the call was ended before its answer was complete', {
    hint: 'Try again in a while, or ask for less.',
  })
}

/** What an HTTP status other than 200 means for the caller (the upstream's body is never read). */
export function failureOfStatus(status: number, report: Report): MarketError {
  report(`status-${status}`)
  // Only these are about what the caller sent; 401, 403, 404 and 429 are between the provider and its upstream.
  if (status === 400 || status === 413 || status === 422) return refusedByUpstream()
  return upstreamFailure('error')
}
