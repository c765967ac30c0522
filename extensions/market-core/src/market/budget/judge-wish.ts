import { Type } from '@sinclair/typebox'
import { query } from '@openclaw-market/protocol/operation'
import { closed, literals } from '@openclaw-market/protocol/schema/scalars'
import { shortfall } from '../../policy/words.ts'
import { loadBudget, wishOf } from './load-budget.ts'
import { isGood, verdictOf } from './spend.ts'
import { Wished } from './take-spend.ts'

/** What the write would say now. It commits to nothing: only the write itself takes. */
export const judgeWish = query({
  name: 'market.budget.judge',
  summary: 'Whether something may be spent now, or the owner has to be asked.',
  scope: 'admin',
  params: closed(Wished),
  result: closed({
    verdict: literals(['allow', 'ask']),
    /** What is not covered, and by which allowance. */
    reason: Type.Optional(Type.String()),
  }),
  errors: ['E_QUOTA_EXCEEDED'],
  callers: ['node'],
  async answer(tx, { currency, amount, leaseKey }, { who, now, rules }) {
    const wished = { currency, ...(leaseKey === undefined ? {} : { leaseKey }) }
    const budget = await loadBudget(tx, who, wished, now)
    if (budget === undefined) return { verdict: 'allow' as const }
    const verdict = verdictOf(budget, { currency, amount }, { now, rules })
    if (verdict.is === 'allow' || budget.approvals.some((each) => isGood(each, { currency, amount }, now)))
      return { verdict: 'allow' as const }
    const situation = { currencies: rules.currencies, now }
    return {
      verdict: 'ask' as const,
      reason: shortfall(verdict.by, wishOf(budget, currency, amount), situation).message,
    }
  },
})
