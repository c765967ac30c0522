import { Type } from '@sinclair/typebox'
import { Spends } from '@openclaw-market/protocol/entities/policy'
import { MarketError } from '@openclaw-market/protocol/errors'
import { operation } from '@openclaw-market/protocol/operation'
import { Amount, closed, CurrencySymbol, literals, Sha256Hex } from '@openclaw-market/protocol/schema/scalars'
import { loadBudget } from './load-budget.ts'
import { spend } from './spend.ts'

/** What is wished for, as far as a budget cares. */
export const Wished = {
  currency: CurrencySymbol,
  amount: Type.Optional(Amount),
  /** Of a call: the spend of its lease. */
  leaseKey: Type.Optional(Sha256Hex),
}

/**
 * Takes from the budget what is about to be committed where this market's ledger does not see it: a lease of another market,
 * or a call on a lease. Again with the same key it takes nothing more.
 */
export const takeSpend = operation({
  name: 'market.spend.take',
  summary: 'Takes from the budget of the node wallet what is about to be spent.',
  effect: 'money',
  scope: 'admin',
  params: closed({ what: literals(['lease_elsewhere', 'call']), spendKey: Sha256Hex, ...Wished }),
  result: closed({ taken: Type.Boolean() }),
  errors: ['E_QUOTA_EXCEEDED', 'E_APPROVAL_REQUIRED', 'E_CONFLICT'],
  callers: ['node'],
  load: async (tx, { spendKey, ...wished }, { who, now }) => ({
    earlier: await tx.find(Spends, 'spendKey', spendKey),
    budget: await loadBudget(tx, who, wished, now),
  }),
  decide({ earlier, budget }, { what, spendKey, currency, amount }, context) {
    if (earlier?.status === 'spend_open') return { result: { taken: true }, subjects: [earlier.spendId] }
    if (earlier !== undefined) {
      throw new MarketError('E_CONFLICT', 'what this was taken for is over', {
        details: { spendId: earlier.spendId },
        hint: 'Take it for something new, under a key of its own.',
      })
    }
    return { result: { taken: true }, writes: spend(budget, { what, spendKey, currency, amount }, context) }
  },
})
