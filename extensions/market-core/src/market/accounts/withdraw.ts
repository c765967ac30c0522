import { Type } from '@sinclair/typebox'
import { Payouts } from '@openclaw-market/protocol/entities/money'
import { PayoutId } from '@openclaw-market/protocol/ids'
import { MarketError } from '@openclaw-market/protocol/errors'
import { insert, operation } from '@openclaw-market/protocol/operation'
import { actorOf } from '@openclaw-market/protocol/principal'
import { idempotencyKey } from '@openclaw-market/protocol/schema/paging'
import {
  Amount,
  closed,
  CurrencySymbol,
  literals,
  type ActorId,
} from '@openclaw-market/protocol/schema/scalars'
import { payoutStates } from '@openclaw-market/protocol/states/tables'
import { available, payout } from '../../ledger/account.ts'
import { knownCurrency } from '../currency.ts'
import { positive } from '../positive.ts'
import { ownersWallet } from '../wallet/owners-wallet.ts'

export const withdraw = operation({
  name: 'market.account.withdraw',
  summary: 'Moves available money into a payout, which the operator then pays or returns.',
  effect: 'money',
  scope: 'write',
  params: closed({
    currency: CurrencySymbol,
    amount: Amount,
    ofGateway: Type.Optional(
      Type.Boolean({ description: "the gateway's money, as its owner's wallet; absent: your own" }),
    ),
    idempotencyKey,
  }),
  result: closed({
    payoutId: PayoutId,
    currency: CurrencySymbol,
    amount: Amount,
    status: literals(payoutStates),
  }),
  errors: ['E_INSUFFICIENT_FUNDS', 'E_CONFLICT'],
  callers: ['node', 'wallet', 'operator'],
  idempotency: 'key',
  load: (tx, _params, { rules }) => ownersWallet(tx, rules),
  decide(owner, { currency, amount, ofGateway }, { who, now, ids, rules }) {
    knownCurrency(rules, currency, '/currency')
    positive(amount, '/amount')
    const actorId = ofGateway === true ? gatewayFor(actorOf(who), owner, rules.market) : actorOf(who)
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

/** @throws MarketError E_FORBIDDEN */
function gatewayFor(by: ActorId, owner: ActorId | undefined, gateway: ActorId): ActorId {
  if (by === gateway || by === owner) return gateway
  throw new MarketError('E_FORBIDDEN', "only the owner's wallet withdraws what is the gateway's", {
    hint: 'Leave ofGateway out to withdraw your own. The owner names its wallet in its chat: /bind_wallet.',
  })
}
