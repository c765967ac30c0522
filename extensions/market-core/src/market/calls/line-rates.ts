/** The rate of a credit line, which all its leases share. Follows what its provider changes. */
import type { CreditLine } from '@openclaw-market/protocol/entities/money'
import { rateLimiter, type RateLimiter } from './rate.ts'

interface Known {
  readonly line: CreditLine
  readonly rate: RateLimiter
}

export class LineRates {
  readonly #known = new Map<string, Known>()

  /** Reads and commits may come in any order: what is newer stays. */
  learn(line: CreditLine): void {
    const known = this.#known.get(line.creditLineId)
    if (known !== undefined && known.line.rev >= line.rev) return
    const { maxRequestsPerMinute } = line
    const kept = known?.line.maxRequestsPerMinute === maxRequestsPerMinute ? known.rate : undefined
    const rate = kept ?? rateLimiter(maxRequestsPerMinute, 'the credit line')
    this.#known.set(line.creditLineId, { line, rate })
  }

  /** @throws MarketError E_RATE_LIMITED */
  take(creditLineId: string | undefined, now: number): void {
    if (creditLineId !== undefined) this.#known.get(creditLineId)?.rate.take(now)
  }
}
