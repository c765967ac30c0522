import { getPolicy } from '@openclaw-market/market-core'
import { statusContract } from '../../status/summary.ts'
import type { ChatCommand } from './command.ts'
import { amount, screen, type Row } from './look.ts'

export const creditsCommand: ChatCommand = {
  name: 'credits',
  description: 'what you can spend now',
  async answer(_words, { call }) {
    const { billing } = await call(statusContract.name, statusContract.result)
    const { allowances, approvals } = await call('web3.billing.policy.get', getPolicy.result)
    const onCredit = billing.currencies.some(({ credit }) => credit.left > 0n)
    return screen({
      title: said[onCredit ? 'active' : billing.status],
      rows: [
        ...billing.currencies.flatMap(({ currency, decimals, available, credit }): Row[] => [
          [currency, amount(available, decimals)],
          ...(credit.left === 0n
            ? []
            : [[`${currency} to pay later`, amount(credit.left, decimals)] as const]),
        ]),
        ['limits', allowances.length === 0 ? 'none' : String(allowances.length)],
        ...(approvals.length === 0 ? [] : [['to approve', String(approvals.length)] as const]),
      ],
      wayOn:
        allowances.length + approvals.length === 0
          ? '/pay_status shows where the rest is'
          : '/allowance shows what limits it',
    })
  },
}

const said = {
  active: 'You can spend:',
  exhausted: 'There is nothing to spend. The operator grants deposits.',
  unbound: 'There is nothing to spend, and no wallet of yours is bound. The operator grants deposits.',
} as const
