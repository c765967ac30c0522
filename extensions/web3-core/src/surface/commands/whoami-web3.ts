import { walletStatus } from '@openclaw-market/market-core'
import type { ChatCommand } from './command.ts'
import { screen } from './look.ts'

export const whoamiCommand: ChatCommand = {
  name: 'whoami_web3',
  description: 'which wallets are yours',
  async answer(_words, { call }) {
    const { nodeWallet, chainId, owner } = await call('web3.wallet.status', walletStatus.result)
    // Addresses stand on lines of their own, whole, to be copied.
    const yours =
      owner === undefined
        ? ['Your own wallet: none bound.']
        : [`Your own wallet${owner.status === 'bound' ? '' : ' (has no say now)'}:`, owner.actorId]
    return [
      'You are the owner here.',
      'This gateway pays and signs with:',
      nodeWallet,
      ...yours,
      screen({ rows: [['chain', String(chainId)]], wayOn: wayOn[owner?.status ?? 'none'] }),
    ].join('\n')
  },
}

const wayOn = {
  none: '/bind_wallet <address> names yours',
  bound: '/unbind_wallet takes its say away',
  suspended: '/bind_wallet <address> gives it back',
} as const
