import { statusContract } from '../../status/summary.ts'
import type { ChatCommand } from './command.ts'

export const marketCommand: ChatCommand = {
  name: 'market',
  description: 'how the market stands',
  takesArguments: false,
  async answer(_words, { call }) {
    const { leases, resources, settlement } = await call(statusContract.name, statusContract.result)
    return [
      `leases      ${leases.active} active, ${leases.ending} ending`,
      `offered     ${resources.published}`,
      `unsettled   ${settlement.pending}`,
      '',
      '/market again, or ask your butler for the details',
    ].join('\n')
  },
}
