/** Who may move money in and out. */
import { Accounts, Payouts } from '@openclaw-market/protocol/entities/money'
import { WalletBindings } from '@openclaw-market/protocol/entities/wallet'
import { deposit } from '../../extensions/market-core/src/market/accounts/deposit.ts'
import { settlePayout } from '../../extensions/market-core/src/market/accounts/settle-payout.ts'
import { withdraw } from '../../extensions/market-core/src/market/accounts/withdraw.ts'
import { actor, law, unless, type Law } from './law.ts'
import type { State } from './state.ts'

/** What this actor may spend. */
export function availableTo(state: State, actorId: string | undefined, currency: string): bigint {
  const account = state.get(Accounts, `available:${actorId}:${currency}`)
  return account === undefined ? 0n : account.credits - account.debits
}

export const accountLaws: readonly Law[] = [
  law(deposit, ({ params, rules }) =>
    unless(
      [params.amount === 0n, 'E_INVALID_ARGUMENT'],
      [!rules.currencies.has(params.currency), 'E_INVALID_ARGUMENT'],
    ),
  ),
  law(withdraw, ({ params: { currency, amount, ofGateway }, state, who, rules }) => {
    const binding = state.get(WalletBindings, rules.market)
    const owner = binding?.suspendedAt === undefined ? binding?.ownerActorId : undefined
    const by = actor(who)
    const whose = ofGateway === true ? rules.market : by
    return unless(
      [ofGateway === true && by !== rules.market && by !== owner, 'E_FORBIDDEN'],
      [amount === 0n, 'E_INVALID_ARGUMENT'],
      [!rules.currencies.has(currency), 'E_INVALID_ARGUMENT'],
      [amount > availableTo(state, whose, currency), 'E_INSUFFICIENT_FUNDS'],
    )
  }),
  law(settlePayout, ({ params, state }) => {
    const payout = state.get(Payouts, params.payoutId)
    if (payout === undefined) return ['E_NOT_FOUND']
    return unless([payout.status !== 'payout_pending', 'E_CONFLICT'])
  }),
]
