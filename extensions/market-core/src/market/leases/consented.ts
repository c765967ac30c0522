/** Whether the consumer has agreed to a lease: the quote that it names, and the signature over what the quote says. */
import type { Quote } from '@openclaw-market/protocol/entities/records'
import type { Resource } from '@openclaw-market/protocol/entities/resource'
import { MarketError } from '@openclaw-market/protocol/errors'
import type { CreditLine } from '@openclaw-market/protocol/entities/money'
import type { QuoteId } from '@openclaw-market/protocol/ids'
import type { DecideContext, Prover } from '@openclaw-market/protocol/operation'
import { actorOf } from '@openclaw-market/protocol/principal'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { consentDigest, consentTypedData } from '@openclaw-market/protocol/typed-data/consent'
import { consentValues } from './consent.ts'

export interface Quoted {
  readonly resource: Resource
  readonly quote: Quote | undefined
  /** Post-paid: the line that the lease draws on. */
  readonly line: CreditLine | undefined
}

interface Wish {
  readonly ttlMs: number
  readonly maxCost: bigint
  readonly quoteId?: QuoteId
  readonly consentSignature?: `0x${string}`
}

/** What was signed, so that whoever has the order can compute the digest again. */
export interface Consented {
  readonly signature: `0x${string}`
  readonly digest: string
  readonly maxCost: bigint
  readonly validUntil: number
}

/** The node wallet signs by itself; every other consumer has signed the quote's typed data. */
export async function proveConsent(
  { resource, quote, line }: Quoted,
  input: Wish,
  { who, rules, now }: Omit<DecideContext, 'proof'>,
  prover: Prover,
): Promise<Consented> {
  const consumer = actorOf(who)
  checkQuote({ resource, quote, line }, input, consumer, now)
  const values = consentValues(rules, {
    ...(quote === undefined ? {} : { quoteId: quote.quoteId }),
    resourceId: resource.resourceId,
    offerHash: resource.offerHash,
    consumerActorId: consumer,
    providerActorId: resource.providerActorId,
    currency: resource.currency,
    // Whoever signs anew signs what is locked.
    maxCost: consumer === rules.market ? input.maxCost : (quote?.maxCost ?? input.maxCost),
    ttlMs: input.ttlMs,
    validUntil: quote?.expiresAt ?? now + rules.quoteTtlMs,
    ...(line === undefined ? {} : { creditLineId: line.creditLineId }),
  })
  const signed = { digest: consentDigest(values), maxCost: values.maxCost, validUntil: values.expiresAt }
  if (consumer === rules.market) return { ...signed, signature: await prover.sign(consentTypedData(values)) }
  if (quote === undefined) throw missing('/quoteId', 'Ask for a quote first; its typedData is what you sign.')
  const signature = input.consentSignature
  if (signature === undefined)
    throw missing('/consentSignature', "Sign the quote's typedData with your wallet.")
  const typedData = consentTypedData(values)
  if (await prover.verify({ address: consumer, chainId: rules.chainId, signature, typedData })) {
    return { ...signed, signature }
  }
  throw new MarketError(
    'E_FORBIDDEN',
    "the consent is not signed by the consumer's wallet, or not for these terms",
    {
      details: { pointer: '/consentSignature' },
      hint: 'Sign exactly the typedData of this quote, with the same resourceId and ttlMs, by the wallet that leases.',
    },
  )
}

/** What a quote that is named must be: this consumer's, of this resource, alive, of the offer as it is, and for these terms. */
export function checkQuote(
  { resource, quote, line }: Quoted,
  input: Wish,
  consumer: ActorId,
  now: number,
): void {
  if (input.quoteId === undefined) return
  if (quote?.consumerActorId !== consumer || quote.resourceId !== resource.resourceId)
    throw noQuote(input.quoteId)
  if (quote.expiresAt <= now) {
    throw new MarketError('E_EXPIRED', 'the quote has expired', {
      hint: 'Ask for a new quote and sign that.',
    })
  }
  if (quote.offerHash !== resource.offerHash) throw changedOffer()
  if (quote.creditLineId !== line?.creditLineId) {
    const quoted = quote.creditLineId === undefined ? 'a prepaid lease' : `credit line ${quote.creditLineId}`
    throw new MarketError('E_CONFLICT', `the quote is for ${quoted}`, {
      details: { pointer: '/mode', quoted: quote.creditLineId === undefined ? 'prepaid' : 'postpaid' },
      hint: 'Ask for a new quote with the mode that you mean, and sign that.',
    })
  }
  if (quote.ttlMs !== input.ttlMs) {
    throw new MarketError('E_CONFLICT', `the quote is for ttlMs ${quote.ttlMs}`, {
      details: { pointer: '/ttlMs', quoted: quote.ttlMs },
      hint: 'Lease with the same ttlMs, or ask for another quote.',
    })
  }
  if (input.maxCost > quote.maxCost) {
    throw new MarketError('E_CONFLICT', `the consent covers at most ${quote.maxCost}`, {
      details: { pointer: '/maxCost', consented: quote.maxCost.toString() },
      hint: 'Lease with at most that maxCost, or ask for a quote with a larger maxCost.',
    })
  }
}

export function changedOffer(): MarketError {
  return new MarketError('E_CONFLICT', 'the offer has changed since', {
    hint: 'Look at the resource again, and ask for a new quote.',
  })
}

function noQuote(quoteId: string): MarketError {
  return new MarketError('E_NOT_FOUND', `there is no quote ${quoteId} for you on this resource`, {
    hint: 'Ask for a quote; each can be used once.',
  })
}

export function missing(pointer: string, hint: string): MarketError {
  return new MarketError('E_INVALID_ARGUMENT', `${pointer}: is required here`, {
    details: { pointer, rule: 'required' },
    hint,
  })
}
