import { given, leasePurpose, type Market } from '@openclaw-market/market-core'
import { MarketError } from '@openclaw-market/protocol/errors'
import type { QuoteId } from '@openclaw-market/protocol/ids'
import { consentTypedData } from '@openclaw-market/protocol/typed-data/consent'
import type { ResourceDetail } from '@openclaw-market/protocol/views/resource'
import { quoteContract } from '../resources/quote.ts'
import type { RememberedQuote } from './quote-memory.ts'
import type { RemoteMarket } from './remote-market.ts'
import type { LeaseWish } from './take-lease.ts'

/**
 * The node wallet's consent to lease on another market, for exactly what is locked and counted: over the quote that the wish
 * names, or over a new one. What is signed is put together here from the terms that we saw, not taken from the other side, so
 * that it cannot have us sign something else.
 * @param named of `namedQuote`
 */
export async function signedTerms(
  remote: RemoteMarket,
  local: Market,
  wish: LeaseWish,
  resource: ResourceDetail,
  named: RememberedQuote | undefined,
): Promise<{ readonly quoteId: QuoteId; readonly consentSignature: `0x${string}` }> {
  const { address, chainId } = await remote.identity()
  const quote = named?.maxCost === wish.maxCost ? named : await newQuote(remote, wish, resource, named)
  if (quote.offerHash !== resource.offerHash) throw changed('the terms have changed since the quote')
  const consent = consentTypedData({
    chainId,
    market: address,
    consumer: local.address,
    provider: resource.providerActorId,
    quoteId: quote.quoteId,
    resourceId: resource.resourceId,
    offerHash: quote.offerHash,
    purpose: leasePurpose,
    currency: quote.currency,
    maxCost: quote.maxCost,
    ttlMs: quote.ttlMs,
    expiresAt: quote.expiresAt,
    ...given({ creditLineId: quote.creditLineId }),
  })
  return { quoteId: quote.quoteId, consentSignature: await local.prover.sign(consent) }
}

/** A quote for exactly this; where one is named that is for more, under its terms otherwise. */
async function newQuote(
  remote: RemoteMarket,
  { ttlMs, maxCost, ...wish }: LeaseWish,
  { resourceId, offerHash, currency }: ResourceDetail,
  named: RememberedQuote | undefined,
): Promise<RememberedQuote> {
  const mode = named === undefined ? wish.mode : modeOf(named)
  const quote = await remote.call(quoteContract, { resourceId, ttlMs, maxCost, ...given({ mode }) })
  const { creditLineId } = quote
  const onCredit = creditLineId !== undefined
  if (
    onCredit !== (mode === 'postpaid') ||
    (named !== undefined && creditLineId !== named.creditLineId) ||
    quote.maxCost !== maxCost ||
    quote.currency !== currency ||
    quote.resourceId !== resourceId
  ) {
    throw changed(`the market ${remote.name} quotes other terms than were asked for`)
  }
  return {
    quoteId: quote.quoteId,
    resourceId,
    offerHash,
    ttlMs,
    maxCost,
    currency,
    expiresAt: quote.expiresAt,
    ...given({ creditLineId }),
  }
}

/**
 * The quote that the wish names, if it names one. Before anything is taken for the lease.
 * @throws MarketError E_NOT_FOUND, E_EXPIRED, E_CONFLICT when it does not cover the wish
 */
export function namedQuote(
  remote: RemoteMarket,
  wish: LeaseWish,
  { offerHash }: ResourceDetail,
  now: number,
): RememberedQuote | undefined {
  const { quoteId } = wish
  if (quoteId === undefined) return undefined
  const quote = remote.quotes.find(quoteId)
  if (quote === undefined || quote.resourceId !== wish.resourceId)
    throw newOneNeeded('E_NOT_FOUND', `this gateway has no quote ${quoteId} on this resource`)
  if (quote.expiresAt <= now) throw newOneNeeded('E_EXPIRED', 'the quote has expired')
  if (quote.offerHash !== offerHash) throw changed('the terms have changed since the quote')
  if (wish.mode !== undefined && wish.mode !== modeOf(quote))
    throw otherwise('/mode', modeOf(quote), `mode ${modeOf(quote)}`)
  if (quote.ttlMs !== wish.ttlMs) throw otherwise('/ttlMs', String(quote.ttlMs), `ttlMs ${quote.ttlMs}`)
  if (wish.maxCost > quote.maxCost)
    throw otherwise('/maxCost', String(quote.maxCost), `a maxCost of at most ${quote.maxCost}`)
  return quote
}

function modeOf({ creditLineId }: RememberedQuote): 'prepaid' | 'postpaid' {
  return creditLineId === undefined ? 'prepaid' : 'postpaid'
}

function newOneNeeded(code: 'E_NOT_FOUND' | 'E_EXPIRED', message: string): MarketError {
  return new MarketError(code, message, {
    details: { pointer: '/quoteId' },
    hint: 'Ask for a new one with {{web3.resources.quote}}, or leave quoteId out.',
  })
}

function otherwise(pointer: string, quoted: string, what: string): MarketError {
  return new MarketError('E_CONFLICT', `the quote is for ${what}`, {
    details: { pointer, quoted },
    hint: 'Lease what was quoted, or ask for another quote with {{web3.resources.quote}}.',
  })
}

function changed(message: string): MarketError {
  return new MarketError('E_CONFLICT', message, {
    hint: 'Look at the resource again with {{web3.resources.get}}, and ask for a new quote.',
  })
}
