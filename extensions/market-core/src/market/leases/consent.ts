import type { CreditLineId, QuoteId, ResourceId } from '@openclaw-market/protocol/ids'
import type { MarketRules } from '@openclaw-market/protocol/operation'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import type { ConsentValues } from '@openclaw-market/protocol/typed-data/consent'

export interface ConsentTerms {
  readonly quoteId?: QuoteId
  readonly resourceId: ResourceId
  readonly offerHash: string
  readonly consumerActorId: ActorId
  readonly providerActorId: ActorId
  readonly currency: string
  readonly maxCost: bigint
  readonly ttlMs: number
  readonly validUntil: number
  /** Post-paid, on this line. */
  readonly creditLineId?: CreditLineId
}

export const leasePurpose = 'use within a lease'

/** The consent of these terms, as it is shown in a quote and checked at the lease. */
export function consentValues(rules: MarketRules, terms: ConsentTerms): ConsentValues {
  return {
    chainId: rules.chainId,
    market: rules.market,
    consumer: terms.consumerActorId,
    provider: terms.providerActorId,
    ...(terms.quoteId === undefined ? {} : { quoteId: terms.quoteId }),
    resourceId: terms.resourceId,
    offerHash: terms.offerHash,
    purpose: leasePurpose,
    currency: terms.currency,
    maxCost: terms.maxCost,
    ttlMs: terms.ttlMs,
    expiresAt: terms.validUntil,
    ...(terms.creditLineId === undefined ? {} : { creditLineId: terms.creditLineId }),
  }
}
