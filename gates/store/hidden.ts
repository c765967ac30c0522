/**
 * What others do among themselves changes nothing that one can find out. Two markets live the same life; in one of them
 * two quiet wallets trade besides. Whoever is not one of them asks both everything, also about what is hidden, by id, by
 * cursor, by token, and tries to touch it: every answer must be the same in both. In one of them there is nothing to find.
 */
import { expect } from 'vitest'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import { allCollections } from '@openclaw-market/protocol/entities/all'
import type { Envelope } from '@openclaw-market/protocol/errors'
import type { Principal } from '@openclaw-market/protocol/principal'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { checkpointCall } from '../../extensions/market-core/src/market/calls/checkpoint.ts'
import { openCall } from '../../extensions/market-core/src/market/calls/open.ts'
import { deposit } from '../../extensions/market-core/src/market/accounts/deposit.ts'
import { settlePayout } from '../../extensions/market-core/src/market/accounts/settle-payout.ts'
import { withdraw } from '../../extensions/market-core/src/market/accounts/withdraw.ts'
import { completeLease } from '../../extensions/market-core/src/market/leases/complete.ts'
import { issueLease } from '../../extensions/market-core/src/market/leases/issue.ts'
import { revokeLease } from '../../extensions/market-core/src/market/leases/revoke.ts'
import { publishResource } from '../../extensions/market-core/src/market/resources/publish.ts'
import { quoteResource } from '../../extensions/market-core/src/market/resources/quote.ts'
import { unpublishResource } from '../../extensions/market-core/src/market/resources/unpublish.ts'
import { appendUsage } from '../../extensions/market-core/src/market/usage/append.ts'
import {
  newDirectory,
  opened,
  type Backend,
} from '../../extensions/market-core/src/store/conformance/shelf.ts'
import { bareMarket, market, node, operator, type BareMarket } from '../money/bare-market.ts'
import { diceOf } from '../run.ts'
import { asWallet, principals, Trade, wallets } from './trade.ts'
import { knownOf, questionsOf } from './questions.ts'

const [seller, buyer] = ['7', '8'].map((digit) => codec(ActorId).decode(`0x${digit.repeat(40)}`))
const signature = `0x${'5'.repeat(130)}`

/** @returns how many answers were compared */
export async function findNothingHidden(backend: Backend, seed: number, steps: number): Promise<number> {
  if (seller === undefined || buyer === undefined) throw new Error('there are no quiet wallets')
  const open = async (): Promise<BareMarket> => {
    const store = await opened(backend, { directory: newDirectory(), collections: allCollections })
    return bareMarket(store, seed, [...wallets, seller])
  }
  const [plain, busy] = [await open(), await open()]
  const trade = new Trade(diceOf(seed), async (act) => {
    const answer = await act(plain)
    expect(await act(busy)).toEqual(answer)
    return answer
  })
  for (let step = 0; step < steps; step++) await trade.step()
  await tradeQuietly(busy, seller, buyer, seed)
  const dice = diceOf(seed)
  const known = await knownOf(busy.store, dice)
  const questions = questionsOf(known, [market, ...wallets, seller, buyer])
  let answers = 0
  for (const who of [...principals, { kind: 'anyone' } as const]) {
    for (const { method, params } of questions) {
      // What the market does, it does by the wallet of its own gateway, which may read all of its own deeds.
      if (method.contract.name === 'market.audit.query' && who.kind === 'node') continue
      const asked = { method: method.contract.name, params, who }
      const [here, there] = [await method.call(plain, params, who), await method.call(busy, params, who)]
      expect({ ...asked, answer: withoutSize(there) }).toEqual({ ...asked, answer: withoutSize(here) })
      answers++
    }
    for (const touch of touches(known)) {
      expect(await touch(busy, who)).toEqual(await touch(plain, who))
      answers++
    }
  }
  await plain.close()
  await busy.close()
  return answers
}

/** How many events there are is public: whoever asks for a checkpoint of the log is told (C2SP tlog-checkpoint). */
function withoutSize(answer: Envelope): Envelope {
  if (!answer.ok || !('audit' in answer)) return answer
  return { ...answer, audit: { ...(answer['audit'] as object), size: 'public' } }
}

/** A whole life of two leases that only two wallets take part in, and money in and out. */
async function tradeQuietly(on: BareMarket, seller: ActorId, buyer: ActorId, seed: number): Promise<void> {
  // Ids of its own, so that those of the market that both share are still the same.
  const quiet = bareMarket(on.store, seed + 1, [...wallets, seller])
  quiet.clock.now = on.clock.now
  const does = async (answer: Promise<Envelope>): Promise<Envelope & { ok: true }> => {
    const done = await answer
    if (!done.ok) throw new Error(`what should be done quietly is refused: ${done.message}`)
    return done
  }
  const [asSeller, asBuyer] = [asWallet(seller), asWallet(buyer)]
  const resourceId = quiet.ids.next('res')
  const resource = {
    resourceId,
    kind: 'model',
    label: 'a quiet thing',
    tags: ['fast'],
    prices: [{ unit: 'request', amount: '2', per: '1', currency: 'USDC' }],
    backend: 'llm',
    delegation: {
      provider: seller,
      delegate: market,
      resourceId,
      backend: 'llm',
      expiresAt: new Date(on.clock.now + 604_800_000).toISOString(),
      signature,
    },
  }
  const grant = { to: buyer, currency: 'USDC', amount: '9000', reason: 'quiet' }
  await does(quiet.run(deposit, grant, operator))
  await does(quiet.run(publishResource, { resource }, asSeller))
  for (const n of [1, 2]) {
    const wish = { resourceId, ttlMs: 3_600_000, maxCost: '500' }
    const { quoteId } = await does(quiet.run(quoteResource, wish, asBuyer))
    const signed = { quoteId, consentSignature: signature, tokenHash: sha256Hex(`a quiet token ${n}`) }
    const { leaseId } = await does(quiet.run(issueLease, { ...wish, ...signed }, asBuyer))
    const call = { leaseId, requestId: `quiet-request-${n}` }
    const bodyHash = sha256Hex('quiet')
    await does(
      quiet.run(openCall, { ...call, callId: quiet.ids.next('call'), bodyHash, reserve: '50' }, node),
    )
    const entry = {
      ...call,
      usage: [{ unit: 'request', quantity: '3' }],
      outcome: n === 1 ? 'done' : 'unknown',
    }
    await does(quiet.run(appendUsage, { entry }, node))
    const open = { ...call, requestId: `quiet-request-${n}-open`, callId: quiet.ids.next('call') }
    if (n === 2) await does(quiet.run(openCall, { ...open, bodyHash, reserve: '10' }, node))
    else await does(quiet.run(completeLease, { leaseId }, asBuyer))
  }
  await does(quiet.run(quoteResource, { resourceId, ttlMs: 60_000 }, asBuyer))
  await does(quiet.run(unpublishResource, { resourceId }, asSeller))
  const { payoutId } = await does(quiet.run(withdraw, { currency: 'USDC', amount: '5' }, asBuyer))
  await does(quiet.run(settlePayout, { payoutId, outcome: 'paid' }, operator))
}

type Touch = (on: BareMarket, who: Principal) => Promise<Envelope>

/** Tries on what is hidden: each must be refused as if it were not there. */
function touches(known: ReadonlyMap<string, readonly unknown[]>): readonly Touch[] {
  const newest = (name: string): unknown => known.get(name)?.at(-1)
  const [leaseId, callId, resourceId, quoteId] = ['lease', 'call', 'resource', 'quote'].map(newest)
  const wish = { resourceId, ttlMs: 60_000 }
  const lease = { ...wish, maxCost: '5', tokenHash: sha256Hex('mine'), quoteId, consentSignature: signature }
  const entry = { leaseId, requestId: 'quiet-request-2', usage: [], outcome: 'done' }
  return [
    (on, who) => on.run(completeLease, { leaseId }, who),
    (on, who) => on.run(revokeLease, { leaseId }, who),
    (on, who) => on.run(quoteResource, wish, who),
    (on, who) => on.run(issueLease, lease, who),
    (on, who) => on.run(unpublishResource, { resourceId }, who),
    (on, who) => (who === node ? served : on.run(appendUsage, { entry }, who)),
    (on, who) => (who === node ? served : on.run(checkpointCall, { callId, usage: [] }, who)),
  ]
}

/** The node key serves by the seller's delegation: that far it knows of the lease. */
const served: Promise<Envelope> = Promise.resolve({ ok: true })
