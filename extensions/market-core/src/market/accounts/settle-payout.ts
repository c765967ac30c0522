import { Payouts } from '@openclaw-market/protocol/entities/money'
import { PayoutId } from '@openclaw-market/protocol/ids'
import { operation, update } from '@openclaw-market/protocol/operation'
import { closed, literals } from '@openclaw-market/protocol/schema/scalars'
import { transition } from '@openclaw-market/protocol/states/machine'
import { payoutMachine, payoutStates } from '@openclaw-market/protocol/states/tables'
import { available, outside, payout } from '../../ledger/account.ts'
import { found } from '../found.ts'

export const settlePayout = operation({
  name: 'market.payout.settle',
  summary: 'Marks a pending payout as paid (the money has left) or returned (it is available again).',
  effect: 'money',
  scope: 'admin',
  params: closed({ payoutId: PayoutId, outcome: literals(['paid', 'returned']) }),
  result: closed({ payoutId: PayoutId, status: literals(payoutStates) }),
  errors: ['E_NOT_FOUND', 'E_CONFLICT'],
  callers: ['operator'],
  load: async (tx, { payoutId }) => found(await tx.get(Payouts, payoutId), 'payout', payoutId),
  decide(pending, { payoutId, outcome }, { now }) {
    const status = transition(
      payoutMachine,
      pending.status,
      outcome === 'paid' ? 'payout_paid' : 'payout_returned',
      `payout ${payoutId}`,
    )
    const { currency, amount, actorId } = pending
    return {
      result: { payoutId, status },
      subjects: [payoutId],
      writes: [update(Payouts, { ...pending, status, settledAt: now })],
      movements: [
        {
          debit: payout(payoutId, currency, actorId),
          credit: outcome === 'paid' ? outside(currency) : available(actorId, currency),
          amount,
          reason: outcome === 'paid' ? 'payout_paid' : 'payout_returned',
          reference: payoutId,
        },
      ],
    }
  },
})
