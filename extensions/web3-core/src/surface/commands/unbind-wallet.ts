import { unbindWallet } from '../../wallet/unbind.ts'
import type { ChatCommand } from './command.ts'
import { wrapped } from './look.ts'

export const unbindWalletCommand: ChatCommand = {
  name: 'unbind_wallet',
  description: 'take its say away',
  async answer(_words, { call }) {
    const { unbound } = await call(unbindWallet.name, unbindWallet.result)
    return unbound
      ? wrapped('Your wallet has no say here now. No money has moved.\n/whoami_web3 shows it.').join('\n')
      : wrapped('No wallet has a say here.\n/bind_wallet <address> names yours.').join('\n')
  },
}
