import { statusContract } from '../../status/summary.ts'
import type { ChatCommand } from './command.ts'
import { amount, screen, type Row } from './look.ts'

export const creditsCommand: ChatCommand = {
  name: 'credits',
  description: 'what you can spend now',
  async answer(_words, { call }) {
    const { billing } = await call(statusContract.name, statusContract.result)
    return screen({
      title: said[billing.status],
      rows: billing.currencies.flatMap(({ currency, decimals, available, credit }): Row[] => [
        [currency, amount(available, decimals)],
        ...(credit.left === 0n ? [] : [[`${currency} to pay later`, amount(credit.left, decimals)] as const]),
      ]),
      wayOn: billing.status === 'active' ? '/pay_status shows where the rest is' : '/pay_status has the rest',
    })
  },
}

const said = {
  active: 'You can spend:',
  exhausted: 'There is nothing to spend. The operator grants deposits.',
  unbound: 'There is nothing to spend, and no wallet of yours is bound. The operator grants deposits.',
} as const
