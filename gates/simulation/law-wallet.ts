/** Whose wallet speaks for the owner: the one that signed, until its say is taken away or it is let go. */
import { BindingChallenges, WalletBindings } from '@openclaw-market/protocol/entities/wallet'
import { letWalletGo } from '../../extensions/market-core/src/market/wallet/let-go.ts'
import { askWallet } from '../../extensions/web3-core/src/wallet/ask.ts'
import { bindWallet } from '../../extensions/web3-core/src/wallet/bind.ts'
import { unbindWallet } from '../../extensions/web3-core/src/wallet/unbind.ts'
import { law, unless, type Law } from './law.ts'
import type { State } from './state.ts'

/** Where this market signs people in is the same for all of its life. */
export const askOwner = askWallet({ url: 'http://localhost', domain: 'localhost', chainIds: [] })

/** Another is the owner's, or this one is already. */
function taken(state: State, market: string, wallet: string): boolean {
  const binding = state.get(WalletBindings, market)
  if (binding === undefined) return false
  return binding.ownerActorId !== wallet || binding.suspendedAt === undefined
}

export const walletLaws: readonly Law[] = [
  law(askOwner, ({ params: { address }, state, rules: { market } }) =>
    unless([address === market, 'E_INVALID_ARGUMENT'], [taken(state, market, address), 'E_CONFLICT']),
  ),
  law(bindWallet, ({ state, now, proof, rules: { market } }) => {
    const asked = state.get(BindingChallenges, market)
    if (asked === undefined || asked.message !== proof) return ['E_NOT_FOUND']
    return unless(
      [now >= asked.expiresAt, 'E_EXPIRED'],
      [taken(state, market, asked.ownerActorId), 'E_CONFLICT'],
    )
  }),
  law(unbindWallet, () => ['ok']),
  law(letWalletGo, ({ state, rules: { market } }) =>
    unless([state.get(WalletBindings, market) === undefined, 'E_NOT_FOUND']),
  ),
]
