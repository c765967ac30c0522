import { MarketError } from '@openclaw-market/protocol/errors'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId, Signature } from '@openclaw-market/protocol/schema/scalars'
import { bindContract } from '../../wallet/capabilities.ts'
import type { ChatCommand } from './command.ts'
import { seenFrom } from './look.ts'

/** The address first, then the signature: both are hex, and told apart by their length. */
export const bindWalletCommand: ChatCommand = {
  name: 'bind_wallet',
  takes: '<address>, then <signature>',
  description: 'name your own wallet',
  hints: {
    E_AUTH_REQUIRED: 'Sign the message shown last, exactly, with that wallet (personal_sign).',
    E_CONFLICT: '/whoami_web3 shows which is bound. It lets go by itself, or an operator lets it go.',
    E_EXPIRED: '/bind_wallet <address> brings another.',
    E_NOT_FOUND: '/bind_wallet <address> brings one.',
  },
  async answer(words, { call, now }) {
    const params = read(words)
    const { bound, wallet, message, expiresAt } = await call(bindContract.name, bindContract.result, params)
    if (bound || message === undefined || expiresAt === undefined) {
      return ['Bound. No money has moved.', wallet, '/whoami_web3 shows it.'].join('\n')
    }
    return [
      'Sign this with that wallet, unchanged:',
      '```',
      message,
      '```',
      `It runs out ${seenFrom(now(), expiresAt)}. Signed, send:`,
      '/bind_wallet <signature>',
    ].join('\n')
  },
}

/** @throws MarketError E_INVALID_ARGUMENT */
function read(words: string): { readonly address: string } | { readonly signature: string } {
  // Chats break what is long.
  const hex = words.replaceAll(/\s/g, '')
  if (codec(ActorId).problem(hex) === undefined) return { address: hex }
  if (hex.length > addressLength && codec(Signature).problem(hex) === undefined) return { signature: hex }
  throw new MarketError('E_INVALID_ARGUMENT', 'that is no address and no signature', {
    hint: 'First /bind_wallet <address>, then /bind_wallet <signature>; both begin with 0x. In mixed case an address has a checksum: copy it whole.',
  })
}

const addressLength = 42
