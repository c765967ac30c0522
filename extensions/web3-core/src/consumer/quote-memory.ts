/**
 * What other markets have quoted this gateway, while the quotes hold: a lease with a quoteId signs for the terms that were
 * quoted, and what was quoted is not asked of the other side again. In memory: after a restart a new quote is asked for.
 */
import type { CreditLineId, QuoteId, ResourceId } from '@openclaw-market/protocol/ids'

export interface RememberedQuote {
  readonly quoteId: QuoteId
  readonly resourceId: ResourceId
  /** Of the terms that were shown when it was given. */
  readonly offerHash: string
  readonly ttlMs: number
  readonly maxCost: bigint
  readonly currency: string
  /** For a post-paid lease on this line. */
  readonly creditLineId?: CreditLineId
  readonly expiresAt: number
}

export interface QuoteMemory {
  keep(quote: RememberedQuote): void
  find(quoteId: QuoteId): RememberedQuote | undefined
}

const most = 1_000

export function quoteMemory(): QuoteMemory {
  const quotes = new Map<QuoteId, RememberedQuote>()
  return {
    keep(quote) {
      quotes.set(quote.quoteId, quote)
      const [oldest] = quotes.keys()
      if (quotes.size > most && oldest !== undefined) quotes.delete(oldest)
    },
    find: (quoteId) => quotes.get(quoteId),
  }
}
