import { randomBytes } from 'node:crypto'
import { ownersBinding } from '@openclaw-market/market-core'
import { BindingChallenges, type WalletBinding } from '@openclaw-market/protocol/entities/wallet'
import { MarketError } from '@openclaw-market/protocol/errors'
import { insert, operation, update } from '@openclaw-market/protocol/operation'
import { ActorId, closed, Timestamp } from '@openclaw-market/protocol/schema/scalars'
import { makeSiweMessage } from '../identity/siwe-message.ts'
import type { Site } from '../identity/site.ts'

const challengeMs = 600_000

/** Read by whoever signs. The wallet shows it together with where it came from. */
const statement =
  'This wallet is the one of the owner of this OpenClaw gateway and may speak for the owner there. Signing moves no money.'

/**
 * Hands out the message (EIP-4361) by which a wallet says that it is the owner's. One at a time: the next takes its place.
 * It is kept to the letter, so that the signature alone answers it, and apart from sign-in challenges, so that neither
 * answers the other.
 */
export function askWallet(site: Site) {
  return operation({
    name: 'web3.wallet.challenge',
    summary: 'Gives the message by which a wallet says that it is the owner’s.',
    effect: 'write',
    scope: 'write',
    params: closed({ address: ActorId }),
    result: closed({ message: BindingChallenges.schema.properties.message, expiresAt: Timestamp }),
    errors: ['E_CONFLICT'],
    callers: ['node'],
    prove: async () => randomBytes(24).toString('hex'),
    load: async (tx, _params, { rules }) => ({
      binding: await ownersBinding(tx, rules),
      asked: await tx.get(BindingChallenges, rules.market),
    }),
    decide({ binding, asked }, { address }, { now, rules, proof: nonce }) {
      if (address === rules.market) throw nodesOwn()
      if (binding !== undefined) admitOwner(binding, address)
      const expiresAt = now + challengeMs
      const { market, chainId } = rules
      const message = makeSiweMessage({
        domain: site.domain,
        address,
        statement,
        uri: site.url,
        chainId,
        nonce,
        issuedAt: now,
        expirationTime: expiresAt,
        resources: [`eip155:${chainId}:${market}`],
      })
      const challenge = {
        nodeActorId: market,
        ownerActorId: address,
        chainId,
        message,
        issuedAt: now,
        expiresAt,
        dueAt: expiresAt,
      }
      return {
        result: { message, expiresAt },
        subjects: [address],
        writes: [
          asked === undefined
            ? insert(BindingChallenges, challenge)
            : update(BindingChallenges, { ...challenge, rev: asked.rev }),
        ],
      }
    },
  })
}

/**
 * Whose wallet it is changes only by that wallet's own doing, or an operator's: who has got hold of the owner's chat can
 * take its say away and cannot give it to another.
 * @throws MarketError E_CONFLICT
 */
export function admitOwner({ ownerActorId, suspendedAt }: WalletBinding, address: ActorId): void {
  if (ownerActorId !== address) {
    throw new MarketError('E_CONFLICT', "another wallet is the owner's", {
      details: { ownersWallet: ownerActorId },
      hint: 'It lets go by {{web3.wallet.unbind}}, signed in; if it is lost, an operator lets it go by market.wallet.unbind.',
    })
  }
  if (suspendedAt === undefined) {
    throw new MarketError('E_CONFLICT', 'this wallet is bound already', {
      hint: 'There is nothing to do; {{web3.wallet.status}} shows it.',
    })
  }
}

function nodesOwn(): MarketError {
  const pointer = '/address'
  return new MarketError('E_INVALID_ARGUMENT', `${pointer}: this is the gateway's own wallet`, {
    details: { pointer, rule: 'not-the-node' },
    hint: 'Name a wallet whose key you hold yourself.',
  })
}
