import { canonicalHash } from '@openclaw-market/protocol/canonical'
import { Approvals, type Run } from '@openclaw-market/protocol/entities/policy'
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
/** Of one sender, or of one agent where the host proves no sender: nobody may take the room of all others. */
export const mostPendingOfOne = 5

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
      pending: (await tx.list(Approvals, { where, filter, limit: mostPending })).items,
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
    const asker = askerOf(budget.spender.run)
    const own = pending.filter(({ run }) => isSame(askerOf(run), asker)).length
    if (own >= mostPendingOfOne) throw tooManyQuestions(own, mostPendingOfOne, `of ${wordsFor(asker)} `)
    if (pending.length >= mostPending) throw tooManyQuestions(pending.length, mostPending, '')
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

/** The sender that the host proves; else the agent, whatever session it asks from. */
function askerOf({ sender, agentId }: Run): Pick<Run, 'sender' | 'agentId'> {
  if (sender !== undefined) return { sender }
  return agentId === undefined ? {} : { agentId }
}

function isSame(one: Run, other: Run): boolean {
  return canonicalHash(one) === canonicalHash(other)
}

function wordsFor({ sender, agentId }: Run): string {
  if (sender !== undefined) return `sender ${sender.id} on ${sender.channel}`
  return agentId === undefined ? 'runs without a name' : `agent ${agentId}`
}

function tooManyQuestions(waiting: number, limit: number, whose: string): MarketError {
  return new MarketError('E_QUOTA_EXCEEDED', `${waiting} requests ${whose}wait for the owner already`, {
    details: { rule: 'pending-approvals', waiting: String(waiting), limit: String(limit) },
    hint: 'The owner answers them with /allowance; each is over after an hour by itself.',
  })
}
