import { MarketError } from '@openclaw-market/protocol/errors'
import { bindContract } from '../../wallet/capabilities.ts'
import type { ChatCommand } from './command.ts'
import { seenFrom } from './look.ts'

/** The address first, then the signature: both are hex, and told apart by their length. */
export const bindWalletCommand: ChatCommand = {
  name: 'bind_wallet',
  takes: '<address>, then <signature>',
  description: 'name your own wallet',
  async answer(words, { call, now }) {
    // Chats break what is long.
    const hex = words.replaceAll(/\s/g, '')
    if (!/^0x[0-9a-fA-F]{40,}$/.test(hex)) throw neither()
    const params = hex.length === 42 ? { address: hex } : { signature: hex }
    const { bound, wallet, message, expiresAt } = await call(bindContract.name, bindContract.result, params)
    if (bound || message === undefined || expiresAt === undefined) {
      return ['Bound. No money has moved.', wallet, '/whoami_web3 shows it.'].join('\n')
    }
    return [
      'Sign this with that wallet, unchanged:',
      '```',
      message,
      '```',
      `It is good until ${seenFrom(now(), expiresAt)}. Then:`,
      '/bind_wallet <signature>',
    ].join('\n')
  },
}

function neither(): MarketError {
  return new MarketError('E_INVALID_ARGUMENT', 'that is no address and no signature', {
    hint: 'First /bind_wallet <address>, then /bind_wallet <signature>; both begin with 0x.',
  })
}
