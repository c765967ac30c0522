/**
 * The consumer's consent to a lease (DESIGN §8): it agrees to spend up to `maxCost` under the offer of this hash. The
 * hash covers prices and terms, so that nothing can change between what was shown and what was signed. A lease that is paid
 * afterwards has a type of its own, which names the credit line: neither consent can stand for the other.
 */
import type { CreditLineId, QuoteId, ResourceId } from '../ids.ts'
import type { ActorId } from '../schema/scalars.ts'
import { bytes32, marketDomain, typedDataDigest, uint256, walletTypedData, wellFormed } from './domain.ts'
import type { Hex, MarketDomain, WalletTypedData } from './domain.ts'

export const consentTypes = {
  Consent: [
    { name: 'market', type: 'address' },
    { name: 'consumer', type: 'address' },
    { name: 'provider', type: 'address' },
    { name: 'quoteId', type: 'string' },
    { name: 'resourceId', type: 'string' },
    { name: 'offerHash', type: 'bytes32' },
    { name: 'purpose', type: 'string' },
    { name: 'currency', type: 'string' },
    { name: 'maxCost', type: 'uint256' },
    { name: 'ttlMs', type: 'uint256' },
    { name: 'expiresAt', type: 'uint256' },
  ],
} as const

export const postpaidConsentTypes = {
  PostpaidConsent: [...consentTypes.Consent, { name: 'creditLineId', type: 'string' }],
} as const

export interface ConsentValues {
  readonly chainId: number
  /** The node wallet of the market that keeps the lease and its money. */
  readonly market: ActorId
  readonly consumer: ActorId
  readonly provider: ActorId
  /** Absent where a lease is taken without a quote (the node wallet's own); signed as the empty string. */
  readonly quoteId?: QuoteId
  readonly resourceId: ResourceId
  /** SHA-256 of the offer, 64 hex digits. */
  readonly offerHash: string
  readonly purpose: string
  /** Symbol, e.g. `USDC`. */
  readonly currency: string
  /** Base units of `currency`. */
  readonly maxCost: bigint
  /** How long the lease lasts. */
  readonly ttlMs: number
  /** Until when the consent may be used; milliseconds since the epoch. */
  readonly expiresAt: number
  /** The lease is paid afterwards, and until then draws on this line. */
  readonly creditLineId?: CreditLineId
}

export interface ConsentTypedData {
  readonly domain: MarketDomain
  readonly types: typeof consentTypes | typeof postpaidConsentTypes
  readonly primaryType: 'Consent' | 'PostpaidConsent'
  readonly message: {
    readonly market: ActorId
    readonly consumer: ActorId
    readonly provider: ActorId
    readonly quoteId: string
    readonly resourceId: string
    readonly offerHash: Hex
    readonly purpose: string
    readonly currency: string
    readonly maxCost: bigint
    readonly ttlMs: bigint
    readonly expiresAt: bigint
    readonly creditLineId?: CreditLineId
  }
}

export function consentTypedData(values: ConsentValues): ConsentTypedData {
  const domain = marketDomain(values.chainId)
  const message = {
    market: values.market,
    consumer: values.consumer,
    provider: values.provider,
    quoteId: values.quoteId ?? '',
    resourceId: values.resourceId,
    offerHash: bytes32(values.offerHash),
    purpose: wellFormed(values.purpose, 'purpose'),
    currency: wellFormed(values.currency, 'currency'),
    maxCost: uint256(values.maxCost),
    ttlMs: uint256(values.ttlMs),
    expiresAt: uint256(values.expiresAt),
  }
  const { creditLineId } = values
  return creditLineId === undefined
    ? { domain, types: consentTypes, primaryType: 'Consent', message }
    : {
        domain,
        types: postpaidConsentTypes,
        primaryType: 'PostpaidConsent',
        message: { ...message, creditLineId },
      }
}

export function consentDigest(values: ConsentValues): Hex {
  return typedDataDigest(consentTypedData(values))
}

export function consentWalletTypedData(values: ConsentValues): WalletTypedData {
  return walletTypedData(consentTypedData(values))
}
