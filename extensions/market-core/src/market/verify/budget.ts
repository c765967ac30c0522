/** The node wallet's budget: allowances by themselves, spends with what they paid for, approvals with what used them. */
import {
  Allowances,
  Approvals,
  Spends,
  type Allowance,
  type Approval,
  type Spend,
} from '@openclaw-market/protocol/entities/policy'
import { Settlements, type Settlement } from '@openclaw-market/protocol/entities/money'
import { rememberedMs } from '../budget/ask-approval.ts'
import type { Books } from './books.ts'
import { agree, all, exactlyWhen, rules, same } from './findings.ts'

const allowanceRules = rules<{ readonly allowance: Allowance; readonly numbers: Map<string, string> }>({
  'allowance.number': ({ allowance: { actorId, number, allowanceId }, numbers }) => {
    const first = numbers.get(`${actorId}/${number}`) ?? allowanceId
    numbers.set(`${actorId}/${number}`, first)
    return first === allowanceId || `has the number of ${first}`
  },
})

interface SpendFacts {
  readonly spend: Spend
  readonly settlement: Settlement | undefined
}

const spendRules = rules<SpendFacts>({
  'spend.settlement': ({ spend, settlement }) =>
    spend.settlementId === undefined
      ? spend.what !== 'lease' || 'is a lease, and names no settlement'
      : settlement === undefined
        ? `there is no settlement ${spend.settlementId}`
        : agree(['currency', 'amount', 'actorId', 'createdAt'], spend, {
            currency: settlement.currency,
            amount: settlement.locked,
            actorId: settlement.payerActorId,
            createdAt: settlement.createdAt,
          }),
  'spend.state': ({ spend: { status, cost, settlementId } }) =>
    exactlyWhen(
      'a cost or a settlement',
      cost !== undefined || settlementId !== undefined,
      status === 'spend_settled',
      'it is settled',
    ),
  'spend.cost': ({ spend: { amount, cost } }) =>
    cost === undefined || amount === undefined || cost <= amount || `came to ${cost} of ${amount}`,
  'spend.session': ({ spend: { session, run } }) =>
    session === (run.sessionKey ?? '') || 'is not counted under the session of its run',
})

interface ApprovalFacts {
  readonly approval: Approval
  readonly spend: Spend | undefined
}

const approvalRules = rules<ApprovalFacts>({
  'approval.used': ({ approval: { status, spendId }, spend }) =>
    all(
      exactlyWhen('its spend', spendId !== undefined, status === 'approval_used', 'it is used'),
      spendId === undefined || spend !== undefined || `there is no ${spendId}`,
    ),
  'approval.amount': ({ approval: { currency, amount }, spend }) =>
    spend === undefined ||
    (spend.currency === currency && (amount === undefined || (spend.amount ?? amount + 1n) <= amount)) ||
    'was used for more, or for another currency',
  'approval.times': ({ approval: { createdAt, expiresAt, decidedAt, dueAt, status }, spend }) =>
    all(
      same('dueAt', dueAt, expiresAt + rememberedMs),
      expiresAt > createdAt || 'was over when it was made',
      exactlyWhen('decidedAt', decidedAt !== undefined, status !== 'approval_pending', 'it is decided'),
      (decidedAt ?? 0) < expiresAt || 'was decided when it was over',
      (spend?.createdAt ?? 0) < expiresAt || 'was used when it was over',
    ),
})

export async function checkBudget(books: Books): Promise<void> {
  const { findings } = books
  const numbers = new Map<string, string>()
  const used = new Map<string, string>()
  await books.each(Allowances, (allowance) =>
    findings.apply(allowanceRules, allowance.allowanceId, { allowance, numbers }),
  )
  await books.each(Spends, async (spend) => {
    const { settlementId } = spend
    const settlement = settlementId === undefined ? undefined : await books.get(Settlements, settlementId)
    findings.apply(spendRules, spend.spendId, { spend, settlement })
  })
  await books.each(Approvals, async (approval) => {
    const { approvalId, spendId } = approval
    const spend = spendId === undefined ? undefined : await books.get(Spends, spendId)
    findings.apply(approvalRules, approvalId, { approval, spend })
    if (spendId === undefined) return
    const first = used.get(spendId) ?? approvalId
    used.set(spendId, first)
    if (first !== approvalId)
      findings.add('approval.once', approvalId, `${first} was used for ${spendId} already`)
  })
}
