import { MarketError } from '@openclaw-market/protocol/errors'
import { statusContract } from '../../status/summary.ts'
import type { ChatCommand, CommandCall } from './command.ts'
import { aligned, amount, screen, type Row } from './look.ts'

export function marketCommand(all: () => readonly ChatCommand[]): ChatCommand {
  return {
    name: 'market',
    takes: '[help]',
    description: 'how the market stands',
    async answer(words, at) {
      if (words === '') return status(at)
      if (words === 'help') return help(all())
      throw new MarketError('E_INVALID_ARGUMENT', 'that is no part of /market', {
        hint: 'There are /market and /market help.',
      })
    },
  }
}

async function status({ call }: CommandCall): Promise<string> {
  const { billing, leases, calls, resources, settlement, markets, problems } = await call(
    statusContract.name,
    statusContract.result,
  )
  return screen({
    rows: [
      ...billing.currencies.map(({ currency, decimals, available }): Row => [
        currency,
        amount(available, decimals),
      ]),
      [
        'leases',
        leases.ending === 0 ? `${leases.active} active` : `${leases.active} active, ${leases.ending} ending`,
      ],
      ['calls', `${calls.open} open`],
      ['offered', String(resources.published)],
      ['unsettled', String(settlement.pending)],
      ['markets', String(markets.length)],
      ...(problems.length === 0 ? [] : [['config', `${problems.length} wrong`] as const]),
    ],
    wayOn: problems.length === 0 ? '/market help lists all commands' : 'The log says what is wrong.',
  })
}

function help(commands: readonly ChatCommand[]): string {
  return [
    '```',
    ...aligned(commands.map(({ name, description }) => [`/${name}`, description])),
    '```',
    'For the rest ask your butler.',
  ].join('\n')
}
