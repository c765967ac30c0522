/** Everything that ends a call before its answer is complete comes together in one signal. */
import { MarketError } from '@openclaw-market/protocol/errors'

export interface CallStop {
  /** Its reason is a MarketError. */
  readonly signal: AbortSignal
  abort(reason: MarketError): void
  /** The call is over: the clock stops. */
  over(): void
}

export function callStop(maxCallMs: number): CallStop {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(tooLong(maxCallMs)), maxCallMs)
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    over: () => clearTimeout(timer),
  }
}

function tooLong(maxCallMs: number): MarketError {
  return new MarketError('E_TIMEOUT', `a call of this lease may take at most ${maxCallMs} ms`, {
    details: { maxCallMs },
    hint: 'Ask for less in one call.',
  })
}

export function callerLeft(): MarketError {
  return new MarketError('E_TIMEOUT', 'the caller left before the answer was complete', {
    hint: 'What was delivered is billed. For a whole answer use a new request id.',
  })
}
