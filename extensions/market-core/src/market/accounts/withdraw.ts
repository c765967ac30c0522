import { Payouts } from '@openclaw-market/protocol/entities/money'
import { PayoutId } from '@openclaw-market/protocol/ids'
import { insert, operation } from '@openclaw-market/protocol/operation'
import { actorOf } from '@openclaw-market/protocol/principal'
import { idempotencyKey } from '@openclaw-market/protocol/schema/paging'
import { Amount, closed, CurrencySymbol, literals } from '@openclaw-market/protocol/schema/scalars'
import { payoutStates } from '@openclaw-market/protocol/states/tables'
import { available, payout } from '../../ledger/account.ts'
import { knownCurrency } from '../currency.ts'
import { positive } from '../positive.ts'

export const withdraw = operation({
  name: 'market.account.withdraw',
  summary: 'Moves available money into a payout, which the operator then pays or returns.',
  effect: 'money',
  scope: 'write',
  params: closed({ currency: CurrencySymbol, amount: Amount, idempotencyKey }),
  result: closed({
    payoutId: PayoutId,
    currency: CurrencySymbol,
    amount: Amount,
    status: literals(payoutStates),
  }),
  errors: ['E_INSUFFICIENT_FUNDS', 'E_CONFLICT'],
  callers: ['node', 'wallet', 'operator'],
  idempotency: 'key',
  load: async () => undefined,
  decide(_state, { currency, amount }, { who, now, ids, rules }) {
    knownCurrency(rules, currency, '/currency')
    positive(amount, '/amount')
    const actorId = actorOf(who)
    const payoutId = ids.next('pay')
    return {
      result: { payoutId, currency, amount, status: 'payout_pending' as const },
      subjects: [payoutId],
      writes: [
        insert(Payouts, { payoutId, actorId, currency, amount, status: 'payout_pending', createdAt: now }),
      ],
      movements: [
        {
          debit: available(actorId, currency),
          credit: payout(payoutId, currency, actorId),
          amount,
          reason: 'withdraw',
          reference: payoutId,
        },
      ],
    }
  },
})
