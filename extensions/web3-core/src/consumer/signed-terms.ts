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
 * The node wallet's consent to lease on another market: over the quote that the wish names, or over a new one. What is
 * signed is put together here from the terms that we saw, not taken from the other side, so that it cannot have us sign
 * something else.
 */
export async function signedTerms(
  remote: RemoteMarket,
  local: Market,
  wish: LeaseWish,
  resource: ResourceDetail,
): Promise<{ readonly quoteId: QuoteId; readonly consentSignature: `0x${string}` }> {
  const { address, chainId } = await remote.identity()
  const quote =
    wish.quoteId === undefined ? await newQuote(remote, wish, resource) : quoted(remote, wish, wish.quoteId)
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

/** A quote for exactly this. */
async function newQuote(
  remote: RemoteMarket,
  { ttlMs, maxCost, mode }: LeaseWish,
  { resourceId, offerHash, currency }: ResourceDetail,
): Promise<RememberedQuote> {
  const quote = await remote.call(quoteContract, { resourceId, ttlMs, maxCost, ...given({ mode }) })
  const { creditLineId } = quote
  const onCredit = creditLineId !== undefined
  if (
    onCredit !== (mode === 'postpaid') ||
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

function quoted(remote: RemoteMarket, wish: LeaseWish, quoteId: QuoteId): RememberedQuote {
  const quote = remote.quotes.find(quoteId)
  if (quote === undefined || quote.resourceId !== wish.resourceId) {
    throw new MarketError('E_NOT_FOUND', `this gateway has no quote ${quoteId} on this resource`, {
      details: { pointer: '/quoteId' },
      hint: 'Ask for a new one with {{web3.resources.quote}}, or leave quoteId out.',
    })
  }
  const quotedMode = quote.creditLineId === undefined ? 'prepaid' : 'postpaid'
  if (wish.mode !== undefined && wish.mode !== quotedMode)
    throw changed(`the quote is for mode ${quotedMode}`)
  if (quote.ttlMs !== wish.ttlMs || wish.maxCost > quote.maxCost) {
    throw changed(`the quote is for ttlMs ${quote.ttlMs} and at most maxCost ${quote.maxCost}`)
  }
  return quote
}

function changed(message: string): MarketError {
  return new MarketError('E_CONFLICT', message, {
    hint: 'Look at the resource again with {{web3.resources.get}}, and ask for a new quote.',
  })
}
