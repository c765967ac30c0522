import { WalletBindings } from '@openclaw-market/protocol/entities/wallet'
import { MarketError } from '@openclaw-market/protocol/errors'
import { operation, remove } from '@openclaw-market/protocol/operation'
import { ActorId, closed } from '@openclaw-market/protocol/schema/scalars'
import { ownersBinding } from './owners-wallet.ts'

/** For a wallet that is lost: it cannot let go by itself, and a chat alone may not put another in its place. */
export const letWalletGo = operation({
  name: 'market.wallet.unbind',
  summary: "Lets the owner's wallet go, so that another can be bound.",
  effect: 'write',
  scope: 'admin',
  params: closed({}),
  result: closed({ letGo: ActorId }),
  errors: ['E_NOT_FOUND'],
  callers: ['operator'],
  load: (tx, _params, { rules }) => ownersBinding(tx, rules),
  decide(binding) {
    if (binding === undefined) {
      throw new MarketError('E_NOT_FOUND', "no wallet is bound as the owner's", {
        hint: 'In the chat: /bind_wallet and the address of the wallet.',
      })
    }
    return {
      result: { letGo: binding.ownerActorId },
      subjects: [binding.ownerActorId],
      writes: [remove(WalletBindings, binding.nodeActorId)],
    }
  },
})
