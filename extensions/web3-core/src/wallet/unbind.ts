import { Type } from '@sinclair/typebox'
import { ownersBinding } from '@openclaw-market/market-core'
import { WalletBindings } from '@openclaw-market/protocol/entities/wallet'
import { operation, remove, update } from '@openclaw-market/protocol/operation'
import { actorOf } from '@openclaw-market/protocol/principal'
import { closed } from '@openclaw-market/protocol/schema/scalars'

/**
 * The gateway takes the say of its owner's wallet away, at once: it may be stolen. The wallet itself lets go, and another
 * can take its place.
 */
export const unbindWallet = operation({
  name: 'web3.wallet.unbind',
  summary: "Takes away the say of the owner's wallet; by that wallet itself, lets it go.",
  effect: 'write',
  scope: 'write',
  params: closed({}),
  result: closed({ unbound: Type.Boolean() }),
  errors: [],
  callers: ['node', 'wallet'],
  load: (tx, _params, { rules }) => ownersBinding(tx, rules),
  decide(binding, _params, { who, now }) {
    const by = actorOf(who)
    if (binding?.ownerActorId === by) {
      return {
        result: { unbound: true },
        subjects: [by],
        writes: [remove(WalletBindings, binding.nodeActorId)],
      }
    }
    // To others it does not say whether there is one.
    if (binding?.nodeActorId !== by || binding.suspendedAt !== undefined)
      return { result: { unbound: false } }
    return {
      result: { unbound: true },
      subjects: [binding.ownerActorId],
      writes: [update(WalletBindings, { ...binding, suspendedAt: now })],
    }
  },
})
