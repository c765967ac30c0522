import { rateLimiter, type RateLimiter } from '@openclaw-market/market-core'
import { isMarketError, MarketError } from '@openclaw-market/protocol/errors'

/** Addresses whose rate is remembered; the one that was silent longest is forgotten first. */
const maxAddresses = 10_000

export interface AddressRates {
  /** Takes one of the minute's requests of this address. @throws MarketError E_RATE_LIMITED with `retryAfterSeconds`. */
  take(address: string, now: number): void
}

export function addressRates(perMinute: number): AddressRates {
  const rates = new Map<string, RateLimiter>()
  return {
    take(address, now) {
      const rate = rates.get(address) ?? rateLimiter(perMinute)
      rates.delete(address)
      rates.set(address, rate)
      const [oldest] = rates.keys()
      if (rates.size > maxAddresses && oldest !== undefined) rates.delete(oldest)
      try {
        rate.take(now)
      } catch (error) {
        throw isMarketError(error) ? tooMany(error) : error
      }
    },
  }
}

function tooMany({ code, details, hint }: MarketError): MarketError {
  return new MarketError(code, 'too many requests from this address in this minute', {
    ...(details === undefined ? {} : { details }),
    ...(hint === undefined ? {} : { hint }),
  })
}
