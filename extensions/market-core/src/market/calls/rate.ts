import { MarketError } from '@openclaw-market/protocol/errors'

export interface RateLimiter {
  /** Whether one of the minute's requests is left. @throws MarketError E_RATE_LIMITED with `retryAfterSeconds`. */
  ready(now: number): void
  /** Takes it. @throws MarketError as `ready` */
  take(now: number): void
}

/**
 * A bucket of one minute's requests that fills continuously.
 * @param what has this rate, for the refusal
 */
export function rateLimiter(perMinute: number, what = 'the lease'): RateLimiter {
  let level = perMinute
  let at: number | undefined
  const ready = (now: number): void => {
    const elapsed = at === undefined ? 0 : Math.max(0, now - at)
    at = now
    level = Math.min(perMinute, level + (elapsed * perMinute) / 60_000)
    if (level >= 1) return
    const retryAfterSeconds = Math.max(1, Math.ceil(((1 - level) * 60) / perMinute))
    throw new MarketError('E_RATE_LIMITED', `${what} allows ${perMinute} requests a minute`, {
      details: { perMinute, retryAfterSeconds },
      hint: `Wait ${retryAfterSeconds} s.`,
    })
  }
  return {
    ready,
    take(now) {
      ready(now)
      level -= 1
    },
  }
}
