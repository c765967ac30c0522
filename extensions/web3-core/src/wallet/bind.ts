import { ownersBinding } from '@openclaw-market/market-core'
import { BindingChallenges, WalletBindings } from '@openclaw-market/protocol/entities/wallet'
import { MarketError } from '@openclaw-market/protocol/errors'
import { insert, operation, remove, update } from '@openclaw-market/protocol/operation'
import { ActorId, closed, Signature } from '@openclaw-market/protocol/schema/scalars'
import { admitOwner } from './ask.ts'

/** Binds the wallet that was asked, when this is its signature over the message that it was given. */
export const bindWallet = operation({
  name: 'web3.wallet.bind',
  summary: 'Binds the wallet that signed the message as the owner’s.',
  effect: 'write',
  scope: 'write',
  params: closed({ signature: Signature }),
  result: closed({ wallet: ActorId }),
  errors: ['E_AUTH_REQUIRED', 'E_CONFLICT', 'E_EXPIRED', 'E_NOT_FOUND'],
  callers: ['node'],
  async prove(read, { signature }, { rules }, prover) {
    const asked = await read((tx) => tx.get(BindingChallenges, rules.market))
    if (asked === undefined) return undefined
    const { ownerActorId: address, chainId, message } = asked
    if (!(await prover.verifyMessage({ address, chainId, signature, message }))) {
      throw new MarketError('E_AUTH_REQUIRED', "the signature is not that wallet's over this message", {
        details: { wallet: address },
        hint: 'Sign exactly the message that was given last, with that wallet (personal_sign).',
      })
    }
    return message
  },
  load: async (tx, _params, { rules }) => ({
    asked: await tx.get(BindingChallenges, rules.market),
    binding: await ownersBinding(tx, rules),
  }),
  decide({ asked, binding }, _params, { now, proof }) {
    // Answered or replaced while the signature was looked at.
    if (asked === undefined || asked.message !== proof) throw notAsked()
    if (now >= asked.expiresAt) throw expired()
    const { nodeActorId, ownerActorId, chainId } = asked
    if (binding !== undefined) admitOwner(binding, ownerActorId)
    const bound = { nodeActorId, ownerActorId, chainId, boundAt: now }
    return {
      result: { wallet: ownerActorId },
      subjects: [ownerActorId],
      writes: [
        remove(BindingChallenges, nodeActorId),
        binding === undefined
          ? insert(WalletBindings, bound)
          : update(WalletBindings, { ...bound, rev: binding.rev }),
      ],
    }
  },
})

function notAsked(): MarketError {
  return new MarketError('E_NOT_FOUND', 'there is no message to be signed, or it has been answered', {
    hint: 'Ask for one first: {{web3.wallet.bind}} with the address of the wallet.',
  })
}

function expired(): MarketError {
  return new MarketError('E_EXPIRED', 'the time to sign this message is over', {
    hint: 'Ask for another: {{web3.wallet.bind}} with the address of the wallet.',
  })
}
