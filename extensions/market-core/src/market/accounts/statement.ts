import { Type, type Static } from '@sinclair/typebox'
import { Accounts, Transfers } from '@openclaw-market/protocol/entities/money'
import { query, type MarketRules } from '@openclaw-market/protocol/operation'
import { actorOf } from '@openclaw-market/protocol/principal'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import {
  ActorId,
  Amount,
  closed,
  CurrencySymbol,
  literals,
  RunningTotal,
  Timestamp,
} from '@openclaw-market/protocol/schema/scalars'
import { accountId, available, freeOf } from '../../ledger/account.ts'
import { every } from '../every.ts'
import { ownersWallet } from '../wallet/owners-wallet.ts'
import { Money, moneyOf } from './money-of.ts'

export const CurrencyStatement = closed({
  currency: CurrencySymbol,
  decimals: Type.Integer(),
  available: Amount,
  earned: RunningTotal,
  spent: RunningTotal,
  net: Type.String({ pattern: '^-?(0|[1-9][0-9]*)$', description: 'earned − spent; may be below zero' }),
  deposited: RunningTotal,
  operatorGranted: Type.Unsafe<bigint>({
    ...RunningTotal,
    description: "part of deposited that is only an operator's word",
  }),
  withdrawn: RunningTotal,
  ...Money.properties,
})

export const Statement = closed({
  actorId: ActorId,
  status: literals(
    ['active', 'exhausted', 'unbound'],
    "exhausted: nothing available in any currency; unbound: and no owner's wallet named either",
  ),
  /** Named as this gateway's owner's; said to the gateway itself. */
  ownersWallet: Type.Optional(ActorId),
  currencies: Type.Array(CurrencyStatement),
})
export type Statement = Static<typeof Statement>

export const accountStatement = query({
  name: 'market.account.statement',
  summary: 'What an actor earned, spent, holds and is owed, per currency.',
  scope: 'read',
  params: closed({ since: Type.Optional(Timestamp), until: Type.Optional(Timestamp) }),
  result: Statement,
  errors: [],
  callers: ['node', 'wallet', 'operator'],
  async answer(tx, { since, until }, { who, rules }) {
    return statementOf(tx, actorOf(who), rules, { since, until })
  },
})

interface Span {
  readonly since?: number | undefined
  readonly until?: number | undefined
}

/**
 * The one summary of an actor's money. Whatever says spent, earned, held or owed reads it here, so that no two surfaces
 * can disagree.
 */
export async function statementOf(
  tx: ReadTx,
  actorId: ActorId,
  rules: MarketRules,
  { since = 0, until = Number.MAX_SAFE_INTEGER }: Span = {},
): Promise<Statement> {
  const currencies = []
  for (const { symbol, decimals } of rules.currencies.values()) {
    const moved = await movedBy(tx, actorId, symbol, since, until)
    const account = await tx.get(Accounts, accountId(available(actorId, symbol)))
    currencies.push({
      currency: symbol,
      decimals,
      available: account === undefined ? 0n : freeOf(account),
      ...moved,
      operatorGranted: moved.deposited,
      net: (moved.earned - moved.spent).toString(),
      ...(await moneyOf(tx, actorId, symbol)),
    })
  }
  // Another's wallet is its own owner.
  const owner = actorId === rules.market ? await ownersWallet(tx, rules) : actorId
  const spendable = currencies.some((each) => each.available > 0n)
  return {
    actorId,
    status: spendable ? 'active' : owner === undefined ? 'unbound' : 'exhausted',
    ...(owner === undefined || owner === actorId ? {} : { ownersWallet: owner }),
    currencies,
  }
}

async function movedBy(tx: ReadTx, actorId: ActorId, currency: string, since: number, until: number) {
  const sum = { earned: 0n, spent: 0n, deposited: 0n, withdrawn: 0n }
  const counts = (t: { currency: string; createdAt: number }): boolean =>
    t.currency === currency && t.createdAt >= since && t.createdAt <= until
  for await (const t of every(tx, Transfers, { where: { toActorId: actorId }, filter: counts })) {
    if (t.reason === 'release') sum.earned += t.amount
    if (t.reason === 'deposit') sum.deposited += t.amount
  }
  for await (const t of every(tx, Transfers, { where: { fromActorId: actorId }, filter: counts })) {
    if (t.reason === 'release') sum.spent += t.amount
    if (t.reason === 'payout_paid') sum.withdrawn += t.amount
  }
  return sum
}
