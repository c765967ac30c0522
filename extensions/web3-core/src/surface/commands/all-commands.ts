import { allowanceCommand } from './allowance.ts'
import { auditStatusCommand } from './audit-status.ts'
import { bindWalletCommand } from './bind-wallet.ts'
import type { ChatCommand } from './command.ts'
import { creditsCommand } from './credits.ts'
import { marketCommand } from './market.ts'
import { payStatusCommand } from './pay-status.ts'
import { unbindWalletCommand } from './unbind-wallet.ts'
import { whoamiCommand } from './whoami-web3.ts'

/** Every slash command, in the order in which a list shows them. */
export const allCommands: readonly ChatCommand[] = [
  creditsCommand,
  payStatusCommand,
  allowanceCommand,
  whoamiCommand,
  bindWalletCommand,
  unbindWalletCommand,
  auditStatusCommand,
  marketCommand(() => allCommands),
]
