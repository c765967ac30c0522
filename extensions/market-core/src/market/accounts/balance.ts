import { Type } from '@sinclair/typebox'
import { Accounts } from '@openclaw-market/protocol/entities/money'
import { query } from '@openclaw-market/protocol/operation'
import { actorOf } from '@openclaw-market/protocol/principal'
import { ActorId, Amount, closed, CurrencySymbol } from '@openclaw-market/protocol/schema/scalars'
import { accountId, available, freeOf } from '../../ledger/account.ts'
import { knownCurrency } from '../currency.ts'
import { Money, moneyOf } from './money-of.ts'

/** What the actor can spend, what is locked for its leases, and what it has earned that is not released yet. */
export const accountBalance = query({
  name: 'market.account.balance',
  summary: 'What an actor has in one currency: available, held in escrow for its leases, owed to it.',
  scope: 'read',
  params: closed({ currency: CurrencySymbol }),
  result: closed({
    actorId: ActorId,
    currency: CurrencySymbol,
    decimals: Type.Integer(),
    available: Amount,
    ...Money.properties,
  }),
  errors: [],
  callers: ['node', 'wallet', 'operator'],
  async answer(tx, { currency }, { who, rules }) {
    const { decimals } = knownCurrency(rules, currency, '/currency')
    const actorId = actorOf(who)
    const account = await tx.get(Accounts, accountId(available(actorId, currency)))
    const money = await moneyOf(tx, actorId, currency)
    return {
      actorId,
      currency,
      decimals,
      available: account === undefined ? 0n : freeOf(account),
      ...money,
    }
  },
})
