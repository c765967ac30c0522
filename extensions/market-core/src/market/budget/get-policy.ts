import { Type } from '@sinclair/typebox'
import { Approvals, type Allowance, type Run } from '@openclaw-market/protocol/entities/policy'
import { query } from '@openclaw-market/protocol/operation'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { isAbout, runOf, sessionOf } from '../../policy/run.ts'
import { mostPending } from './ask-approval.ts'
import { allowancesOf, count } from './load-budget.ts'
import { whoseBudget } from './whose-budget.ts'
import { AllowanceView, ApprovalView, showAllowance, showApproval } from './view.ts'

/** The allowances and what waits for the owner. Whoever is not the owner sees what is about its own runs. */
export const getPolicy = query({
  name: 'market.policy.get',
  summary: 'The allowances of this gateway, what of each is used and left, and what waits for approval.',
  scope: 'read',
  params: closed({}),
  result: closed({ allowances: Type.Array(AllowanceView), approvals: Type.Array(ApprovalView) }),
  errors: [],
  callers: ['node', 'wallet', 'operator'],
  // The owner's wallet is no party to the gateway's budget: `whoseBudget` lets it in, and nobody else.
  sees: 'everything',
  async answer(tx, _params, { who, now, rules }) {
    const actorId = await whoseBudget(tx, who, rules)
    const run = runOf(who.kind === 'node' ? who.run : undefined)
    const all = who.kind !== 'node' || who.owner
    const allowances = []
    for (const each of await allowancesOf(tx, actorId)) {
      if (!all && !isAbout(each.whose, run)) continue
      const [counted] = await count(tx, actorId, [each], seenFrom(each, run), now)
      if (counted !== undefined) allowances.push(showAllowance(counted, now, rules))
    }
    const where = { actorId, status: 'approval_pending' as const }
    const filter = (each: { readonly expiresAt: number; readonly run: Run }): boolean =>
      each.expiresAt > now && (all || sessionOf(each.run) === sessionOf(run))
    const { items } = await tx.list(Approvals, { where, filter, limit: mostPending })
    return { allowances, approvals: items.map((each) => showApproval(each, rules)) }
  },
})

/** One that names a session counts that session's spends, wherever it is read. */
function seenFrom({ whose: { sessionKey } }: Allowance, run: Run): Run {
  return sessionKey === undefined ? run : { ...run, sessionKey }
}
