import { Type } from '@sinclair/typebox'
import { CreditLines, type CreditLine } from '@openclaw-market/protocol/entities/money'
import { Resources } from '@openclaw-market/protocol/entities/resource'
import { MarketError } from '@openclaw-market/protocol/errors'
import { CreditLineId } from '@openclaw-market/protocol/ids'
import { insert, operation } from '@openclaw-market/protocol/operation'
import { actorOf } from '@openclaw-market/protocol/principal'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import { ActorId, Amount, closed, CurrencySymbol } from '@openclaw-market/protocol/schema/scalars'
import { knownCurrency } from '../currency.ts'
import { openLine } from './load.ts'
import { Ceiling, Grace, LineRate, usualGraceMs } from './terms.ts'

/** Who publishes something may lend to whom it trusts: `to` is the beneficiary, and pays for what it used afterwards. */
export const openCredit = operation({
  name: 'market.credit.open',
  summary: 'Opens a credit line: one consumer may lease from you up to a ceiling and pay afterwards.',
  effect: 'money',
  scope: 'admin',
  params: closed({
    to: ActorId,
    currency: CurrencySymbol,
    ceiling: Ceiling,
    maxRequestsPerMinute: LineRate,
    graceMs: Type.Optional(Grace),
  }),
  result: closed({ creditLineId: CreditLineId, to: ActorId, currency: CurrencySymbol, ceiling: Amount }),
  errors: ['E_FORBIDDEN', 'E_CONFLICT'],
  callers: ['node', 'wallet', 'operator'],
  async load(tx, { to, currency }, { who }) {
    const provider = actorOf(who)
    return { publishes: await publishes(tx, provider), open: await openLine(tx, provider, to, currency) }
  },
  decide(
    { publishes, open },
    { to, currency, ceiling, maxRequestsPerMinute, graceMs },
    { who, now, ids, rules },
  ) {
    const providerActorId = actorOf(who)
    knownCurrency(rules, currency, '/currency')
    if (to === providerActorId) throw ownself()
    if (!publishes) throw notProvider()
    if (open !== undefined) throw openAlready(open)
    const creditLineId = ids.next('line')
    return {
      result: { creditLineId, to, currency, ceiling },
      subjects: [creditLineId, to],
      writes: [
        insert(CreditLines, {
          creditLineId,
          providerActorId,
          consumerActorId: to,
          currency,
          ceiling,
          maxRequestsPerMinute,
          graceMs: graceMs ?? usualGraceMs,
          status: 'credit_open',
          createdAt: now,
        }),
      ],
    }
  },
})

/** Nobody else has anything to lend for, and a stranger must not be able to fill the store. */
async function publishes(tx: ReadTx, providerActorId: ActorId): Promise<boolean> {
  const where = { providerActorId, status: 'resource_published' } as const
  return (await tx.list(Resources, { where, limit: 1 })).items.length > 0
}

function ownself(): MarketError {
  return new MarketError('E_FORBIDDEN', 'a provider cannot lend to itself', {
    details: { pointer: '/to' },
    hint: 'Name the wallet that leases from you.',
  })
}

function notProvider(): MarketError {
  return new MarketError('E_FORBIDDEN', 'you publish nothing that could be leased on credit', {
    hint: 'Publish a resource first.',
  })
}

function openAlready({ creditLineId, currency }: CreditLine): MarketError {
  return new MarketError('E_CONFLICT', `a credit line in ${currency} is open for this consumer already`, {
    details: { creditLineId },
    hint: 'Change that one, or close it first.',
  })
}
