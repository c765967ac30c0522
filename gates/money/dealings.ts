/** What a market's node has of every kind of money, made on purpose: a random history may not come to all of it. */
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import type { TObject } from '@sinclair/typebox'
import type { Operation } from '@openclaw-market/protocol/operation'
import type { Principal } from '@openclaw-market/protocol/principal'
import { deposit } from '../../extensions/market-core/src/market/accounts/deposit.ts'
import { openCredit } from '../../extensions/market-core/src/market/credit/open.ts'
import { completeLease } from '../../extensions/market-core/src/market/leases/complete.ts'
import { issueLease } from '../../extensions/market-core/src/market/leases/issue.ts'
import { quoteResource } from '../../extensions/market-core/src/market/resources/quote.ts'
import { publishResource } from '../../extensions/market-core/src/market/resources/publish.ts'
import { appendUsage } from '../../extensions/market-core/src/market/usage/append.ts'
import { asWallet, wallets } from '../store/trade.ts'
import { market as address, node, operator, type BareMarket } from './bare-market.ts'

const [provider, consumer] = wallets

/** The node earns, spends, and owes: by a lease of its own, by one that it pays for, and by one that it pays for later. */
export async function dealings(market: BareMarket): Promise<void> {
  if (provider === undefined || consumer === undefined) throw new Error('there are not enough wallets')
  const does = async <P extends TObject, R extends TObject, S, F>(
    op: Operation<P, R, S, F>,
    params: object,
    who: Principal,
  ): Promise<Readonly<Record<string, unknown>>> => {
    const answer = await market.run(op, params, who)
    if (!answer.ok) throw new Error(`${op.name}: ${answer.message}`)
    return answer
  }
  const offered = async (who: Principal): Promise<string> => {
    const resourceId = market.ids.next('res')
    const delegation = {
      provider: who.kind === 'wallet' ? who.actorId : address,
      delegate: address,
      resourceId,
      backend: 'web',
      expiresAt: new Date(market.clock.now + 604_800_000).toISOString(),
      signature: `0x${'5'.repeat(130)}`,
    }
    const prices = [{ unit: 'query', amount: '7', per: '1', currency: 'USDC' }]
    const resource = { resourceId, kind: 'search', label: 'a thing', prices, backend: 'web', delegation }
    await does(publishResource, { resource }, who)
    return resourceId
  }
  const used = async (resourceId: string, who: Principal, more: object = {}): Promise<string> => {
    const wish = { resourceId, ttlMs: 86_400_000, maxCost: '100', ...more }
    const quote = await market.run(quoteResource, wish, who)
    if (!quote.ok) throw new Error(`quote: ${quote.message}`)
    const { leaseId } = await does(
      issueLease,
      {
        ...wish,
        quoteId: quote['quoteId'],
        consentSignature: `0x${'6'.repeat(130)}`,
        tokenHash: sha256Hex(market.ids.next('evt')),
      },
      who,
    )
    const entry = {
      leaseId,
      requestId: market.ids.next('evt'),
      usage: [{ unit: 'query', quantity: '3' }],
      outcome: 'done',
    }
    await does(appendUsage, { entry }, node)
    return String(leaseId)
  }
  for (const to of [address, consumer])
    await does(deposit, { to, currency: 'USDC', amount: '1000', reason: 'a gate' }, operator)
  const [theirs, ours] = [await offered(asWallet(provider)), await offered(node)]
  await does(completeLease, { leaseId: await used(ours, asWallet(consumer)) }, asWallet(consumer))
  // Twice: what is earned and what is spent must not be the same by chance.
  for (let i = 0; i < 2; i++) await does(completeLease, { leaseId: await used(theirs, node) }, node)
  await used(ours, asWallet(consumer))
  const line = { to: address, currency: 'USDC', ceiling: '500', maxRequestsPerMinute: 60 }
  await does(openCredit, line, asWallet(provider))
  await used(theirs, node, { mode: 'postpaid' })
}
