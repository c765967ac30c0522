import { Approvals } from '@openclaw-market/protocol/entities/policy'
import { MarketError } from '@openclaw-market/protocol/errors'
import { ApprovalId } from '@openclaw-market/protocol/ids'
import { insert, operation } from '@openclaw-market/protocol/operation'
import { actorOf } from '@openclaw-market/protocol/principal'
import { closed, Timestamp } from '@openclaw-market/protocol/schema/scalars'
import { denied, shortfall } from '../../policy/words.ts'
import { loadBudget, wishOf } from './load-budget.ts'
import { isGood, verdictOf } from './spend.ts'
import { Wished } from './take-spend.ts'

/** How long the owner may think it over, and the approval then be used. */
export const approvalTtlMs = 3_600_000
/** For so long after that it can still be said what became of it. */
export const rememberedMs = 7 * 86_400_000
/** That wait at once: whoever may ask must not bury the owner in questions. */
export const mostPending = 50

/** Asks the owner for what an allowance does not cover. The same request again is the same question. */
export const askApproval = operation({
  name: 'market.approval.ask',
  summary: 'Asks the owner to approve what an allowance does not cover.',
  effect: 'write',
  scope: 'admin',
  params: closed(Wished),
  result: closed({ approvalId: ApprovalId, expiresAt: Timestamp }),
  errors: ['E_QUOTA_EXCEEDED', 'E_CONFLICT'],
  callers: ['node'],
  async load(tx, { currency, leaseKey }, { who, now }) {
    const where = { actorId: actorOf(who), status: 'approval_pending' as const }
    const filter = (each: { readonly expiresAt: number }): boolean => each.expiresAt > now
    return {
      budget: await loadBudget(tx, who, { currency, ...(leaseKey === undefined ? {} : { leaseKey }) }, now),
      pending: (await tx.list(Approvals, { where, filter, limit: mostPending })).items.length,
    }
  },
  decide({ budget, pending }, { currency, amount }, { who, now, ids, rules }) {
    if (budget?.requestHash === undefined || who.kind !== 'node' || who.request === undefined) {
      throw new MarketError('E_CONFLICT', 'nobody can approve this: it is not known what is asked for', {
        hint: 'Have the owner raise the allowance.',
      })
    }
    const verdict = verdictOf(budget, { currency, amount }, { now, rules })
    const last = budget.approvals[0]
    if (verdict.is === 'allow' || budget.approvals.some((each) => isGood(each, { currency, amount }, now))) {
      throw new MarketError('E_CONFLICT', 'this needs no approval', { hint: 'Send the request itself.' })
    }
    if (last !== undefined && last.expiresAt > now) {
      if (last.status === 'approval_denied') throw denied(last)
      if (last.status === 'approval_pending' && last.amount === amount)
        return { result: { approvalId: last.approvalId, expiresAt: last.expiresAt } }
    }
    if (pending >= mostPending) throw tooManyQuestions()
    const approvalId = ids.next('apr')
    const expiresAt = now + approvalTtlMs
    const wish = wishOf(budget, currency, amount)
    return {
      result: { approvalId, expiresAt },
      subjects: [approvalId],
      writes: [
        insert(Approvals, {
          approvalId,
          actorId: budget.actorId,
          requestHash: budget.requestHash,
          capability: who.request.capability,
          run: budget.spender.run,
          currency,
          ...(amount === undefined ? {} : { amount }),
          rule: shortfall(verdict.by, wish, { currencies: rules.currencies, now }).rule,
          status: 'approval_pending',
          createdAt: now,
          expiresAt,
          dueAt: expiresAt + rememberedMs,
        }),
      ],
    }
  },
})

function tooManyQuestions(): MarketError {
  return new MarketError('E_QUOTA_EXCEEDED', `${mostPending} requests wait for the owner already`, {
    details: { rule: 'pending-approvals', limit: String(mostPending) },
    hint: 'The owner answers them with /allowance; each is over after an hour by itself.',
  })
}
