import { Deposits } from '@openclaw-market/protocol/entities/money'
import { DepositId } from '@openclaw-market/protocol/ids'
import { insert, operation } from '@openclaw-market/protocol/operation'
import { actorOf } from '@openclaw-market/protocol/principal'
import { idempotencyKey } from '@openclaw-market/protocol/schema/paging'
import { ActorId, Amount, closed, CurrencySymbol, line } from '@openclaw-market/protocol/schema/scalars'
import { available, outside } from '../../ledger/account.ts'
import { knownCurrency } from '../currency.ts'
import { positive } from '../positive.ts'

/** The internal rail is custodial: a deposit is an operator's word, and is marked as that wherever it shows. */
export const deposit = operation({
  name: 'market.account.deposit',
  summary: "Credits an actor with an operator's grant, marked as one.",
  effect: 'money',
  scope: 'admin',
  params: closed({
    to: ActorId,
    currency: CurrencySymbol,
    amount: Amount,
    reason: line(1, 200, 'why it is granted'),
    idempotencyKey,
  }),
  result: closed({ depositId: DepositId, to: ActorId, currency: CurrencySymbol, amount: Amount }),
  errors: ['E_CONFLICT'],
  callers: ['operator'],
  idempotency: 'key',
  load: async () => undefined,
  decide(_state, { to, currency, amount, reason }, { who, now, ids, rules }) {
    knownCurrency(rules, currency, '/currency')
    positive(amount, '/amount')
    const depositId = ids.next('dep')
    return {
      result: { depositId, to, currency, amount },
      subjects: [depositId, to],
      writes: [
        insert(Deposits, {
          depositId,
          actorId: to,
          currency,
          amount,
          source: 'operator_grant',
          grantedBy: actorOf(who),
          reason,
          createdAt: now,
        }),
      ],
      movements: [
        {
          debit: outside(currency),
          credit: available(to, currency),
          amount,
          reason: 'deposit',
          reference: depositId,
          // Cutting may halve a character of two code units.
          memo: `operator grant: ${reason}`.slice(0, 200).toWellFormed(),
        },
      ],
    }
  },
})
