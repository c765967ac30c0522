import { MarketError } from '@openclaw-market/protocol/errors'

export interface RateLimiter {
  /** Takes one of the minute's requests. @throws MarketError E_RATE_LIMITED with `retryAfterSeconds`. */
  take(now: number): void
}

/** A bucket of one minute's requests that fills continuously. */
export function rateLimiter(perMinute: number): RateLimiter {
  let level = perMinute
  let at: number | undefined
  return {
    take(now) {
      const elapsed = at === undefined ? 0 : Math.max(0, now - at)
      at = now
      level = Math.min(perMinute, level + (elapsed * perMinute) / 60_000)
      if (level >= 1) {
        level -= 1
        return
      }
      const retryAfterSeconds = Math.max(1, Math.ceil(((1 - level) * 60) / perMinute))
      throw new MarketError('E_RATE_LIMITED', `the lease allows ${perMinute} requests a minute`, {
        details: { perMinute, retryAfterSeconds },
        hint: `Wait ${retryAfterSeconds} s.`,
      })
    },
  }
}
