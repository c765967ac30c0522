import { statusContract } from '../../status/summary.ts'
import type { ChatCommand } from './command.ts'
import { screen } from './look.ts'

export const marketCommand: ChatCommand = {
  name: 'market',
  description: 'how the market stands',
  takesArguments: false,
  async answer(_words, { call }) {
    const { leases, resources, settlement } = await call(statusContract.name, statusContract.result)
    return screen({
      rows: [
        ['leases', `${leases.active} active, ${leases.ending} ending`],
        ['offered', String(resources.published)],
        ['unsettled', String(settlement.pending)],
      ],
      wayOn: 'Ask your butler for the details.',
    })
  },
}
