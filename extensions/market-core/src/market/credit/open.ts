import { Type } from '@sinclair/typebox'
import { CreditLines, type CreditLine } from '@openclaw-market/protocol/entities/money'
import { Resources } from '@openclaw-market/protocol/entities/resource'
import { MarketError } from '@openclaw-market/protocol/errors'
import { CreditLineId } from '@openclaw-market/protocol/ids'
import { insert, operation, update } from '@openclaw-market/protocol/operation'
import { actorOf } from '@openclaw-market/protocol/principal'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import { ActorId, Amount, closed, CurrencySymbol } from '@openclaw-market/protocol/schema/scalars'
import { knownCurrency } from '../currency.ts'
import { drawnOf, openLine } from './load.ts'
import { Ceiling, Grace, LineRate, usualGraceMs } from './terms.ts'

/** Who publishes something may lend to whom it trusts: `to` is the beneficiary, and pays for what it used afterwards. */
export const openCredit = operation({
  name: 'market.credit.open',
  summary:
    'Lets one consumer lease from you up to a ceiling and pay afterwards; done again, it changes ceiling and rate.',
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
    const open = await openLine(tx, provider, to, currency)
    return {
      publishes: await publishes(tx, provider),
      open,
      drawn: open === undefined ? 0n : await drawnOf(tx, open),
    }
  },
  decide({ publishes: mayLend, open, drawn }, terms, { who, now, ids, rules }) {
    const { to, currency, ceiling, maxRequestsPerMinute, graceMs } = terms
    const providerActorId = actorOf(who)
    knownCurrency(rules, currency, '/currency')
    if (to === providerActorId) throw ownself()
    if (!mayLend) throw notProvider()
    const creditLineId = open?.creditLineId ?? ids.next('line')
    if (open !== undefined) assertChangeable(open, drawn, ceiling, graceMs)
    const line: Omit<CreditLine, 'rev'> = {
      creditLineId,
      providerActorId,
      consumerActorId: to,
      currency,
      graceMs: graceMs ?? usualGraceMs,
      status: 'credit_open',
      createdAt: now,
      ...open,
      ceiling,
      maxRequestsPerMinute,
    }
    return {
      result: { creditLineId, to, currency, ceiling },
      subjects: [creditLineId, to],
      writes: [
        open === undefined ? insert(CreditLines, line) : update(CreditLines, { ...line, rev: open.rev }),
      ],
    }
  },
})

/** Nobody else has anything to lend for, and a stranger must not be able to fill the store. */
async function publishes(tx: ReadTx, providerActorId: ActorId): Promise<boolean> {
  const where = { providerActorId, status: 'resource_published' } as const
  return (await tx.list(Resources, { where, limit: 1 })).items.length > 0
}

/** A ceiling is never below what is drawn: what is drawn is at every moment what was granted. */
function assertChangeable(
  { creditLineId, graceMs: agreed }: CreditLine,
  drawn: bigint,
  ceiling: bigint,
  graceMs: number | undefined,
): void {
  if (ceiling < drawn) {
    throw new MarketError('E_CONFLICT', `${drawn} of the line is drawn already`, {
      details: { pointer: '/ceiling', creditLineId, drawn: drawn.toString() },
      hint: 'Lower it no further than that, or close the line: then nothing more is drawn.',
    })
  }
  if (graceMs === undefined || graceMs === agreed) return
  throw new MarketError('E_CONFLICT', `the graceMs of this line is ${agreed} for as long as it is open`, {
    details: { pointer: '/graceMs', creditLineId, graceMs: agreed },
    hint: 'Leave graceMs out, or close the line and open another one.',
  })
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
