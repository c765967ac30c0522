/** What may be spent of the node wallet, by whom, from the records of allowances, spends and approvals alone. */
import { canonicalHash } from '@openclaw-market/protocol/canonical'
import { Settlements } from '@openclaw-market/protocol/entities/money'
import {
  Allowances,
  Approvals,
  Spends,
  type Allowance,
  type Run,
  type Spend,
  type Whose,
} from '@openclaw-market/protocol/entities/policy'
import { WalletBindings } from '@openclaw-market/protocol/entities/wallet'
import type { ErrorCode } from '@openclaw-market/protocol/errors'
import type { Principal } from '@openclaw-market/protocol/principal'
import { askApproval } from '../../extensions/market-core/src/market/budget/ask-approval.ts'
import { setPolicy } from '../../extensions/market-core/src/market/budget/set-policy.ts'
import { settleSpend } from '../../extensions/market-core/src/market/budget/settle-spend.ts'
import { takeSpend } from '../../extensions/market-core/src/market/budget/take-spend.ts'
import { sum } from './arithmetic.ts'
import { actor, law, unless, type Law } from './law.ts'
import type { State } from './state.ts'

type Node = Extract<Principal, { readonly kind: 'node' }>

interface Asked {
  readonly currency: string
  readonly amount?: bigint | undefined
  readonly leaseKey?: string | undefined
}

const aDay = 86_400_000

function runOf({ run = {} }: Node): Run {
  const { agentId, sessionKey, senderId, channel } = run
  return {
    ...(agentId === undefined ? {} : { agentId }),
    ...(sessionKey === undefined ? {} : { sessionKey }),
    ...(senderId === undefined || channel === undefined ? {} : { sender: { channel, id: senderId } }),
  }
}

function askerOf({ sender, agentId = '' }: Run): string {
  return sender === undefined ? `agent ${agentId}` : `${sender.channel} ${sender.id}`
}

function about(whose: Whose, run: Run): boolean {
  const sender = (of: Run | Whose): string => `${of.sender?.channel}/${of.sender?.id}`
  return (
    (whose.agentId ?? run.agentId) === run.agentId &&
    (whose.sessionKey ?? run.sessionKey) === run.sessionKey &&
    (whose.sender === undefined || sender(whose) === sender(run))
  )
}

function costOf(state: State, { settlementId, cost, amount }: Spend): bigint | undefined {
  const settlement = settlementId === undefined ? undefined : state.get(Settlements, settlementId)
  return settlement === undefined ? (cost ?? amount) : settlement.locked - settlement.refundedSoFar
}

/** Undefined: something under it is not known. */
function usedOf(state: State, allowance: Allowance, run: Run, now: number): bigint | undefined {
  const { per, whose, currency, actorId } = allowance
  if (per === 'call') return 0n
  const under = state
    .all(Spends)
    .filter(
      (spend) =>
        spend.actorId === actorId &&
        spend.currency === currency &&
        about(whose, spend.run) &&
        (spend.taker === undefined || !about(whose, spend.taker)) &&
        (per === 'day'
          ? now - spend.createdAt < aDay
          : (spend.run.sessionKey ?? '') === (run.sessionKey ?? '') && now - spend.createdAt < 30 * aDay),
    )
  const costs = under.map((spend) => costOf(state, spend))
  return costs.includes(undefined) ? undefined : sum(costs, (cost) => cost ?? 0n)
}

/** Why this may not be spent now; undefined when it may. */
export function budgetRefusal(
  state: State,
  who: Principal,
  asked: Asked,
  now: number,
): ErrorCode | undefined {
  if (who.kind !== 'node') return undefined
  const run = runOf(who)
  const mine = state
    .all(Allowances)
    .filter(
      (each) => each.actorId === who.actorId && each.currency === asked.currency && about(each.whose, run),
    )
  if (!who.owner && !mine.some(({ whose }) => whose.sender !== undefined)) return 'E_FORBIDDEN'
  const lease = state.all(Spends).find(({ spendKey }) => spendKey === asked.leaseKey)
  const exceeded = mine.filter((each) => {
    if (lease !== undefined && about(each.whose, lease.run)) return false
    const used = usedOf(state, each, run, now)
    const more = each.topUps.filter(({ expiresAt }) => expiresAt > now)
    const limit = each.limit + sum(more, ({ amount }) => amount)
    // What costs nothing fits under what is spent already.
    const left = used === undefined ? undefined : limit > used ? limit - used : 0n
    return left === undefined || asked.amount === undefined || asked.amount > left
  })
  if (exceeded.some(({ above }) => above === 'refuse')) return 'E_QUOTA_EXCEEDED'
  if (exceeded.length === 0 || granted(state, who, asked, now)) return undefined
  const [last] = approvalsOf(state, who)
  return last?.status === 'approval_denied' && last.expiresAt > now ? 'E_FORBIDDEN' : 'E_APPROVAL_REQUIRED'
}

/** Of the very same request, newest first. */
function approvalsOf(state: State, who: Node) {
  const { request } = who
  if (request === undefined) return []
  const requestHash = canonicalHash({ ...request, run: runOf(who) })
  return state
    .all(Approvals)
    .filter((each) => each.requestHash === requestHash)
    .toReversed()
}

function granted(state: State, who: Node, { currency, amount }: Asked, now: number): boolean {
  return approvalsOf(state, who).some(
    (each) =>
      each.status === 'approval_granted' &&
      each.expiresAt > now &&
      each.currency === currency &&
      (each.amount === undefined || (amount !== undefined && amount <= each.amount)),
  )
}

export const budgetLaws: readonly Law[] = [
  law(takeSpend, ({ params, state, who, now }) => {
    const earlier = state.all(Spends).find(({ spendKey }) => spendKey === params.spendKey)
    if (earlier !== undefined) return unless([earlier.status !== 'spend_open', 'E_CONFLICT'])
    const refusal = budgetRefusal(state, who, params, now)
    return refusal === undefined ? ['ok'] : [refusal]
  }),
  law(settleSpend, ({ params, state, who }) => {
    const spend = state.all(Spends).find(({ spendKey }) => spendKey === params.spendKey)
    if (spend === undefined || spend.actorId !== actor(who)) return ['E_NOT_FOUND']
    const { amount = params.cost, cost } = spend
    const more = cost !== undefined && cost < (params.cost < amount ? params.cost : amount)
    return unless([spend.status !== 'spend_open' && !more, 'E_CONFLICT'])
  }),
  law(askApproval, ({ params, state, who, now }) => {
    if (who.kind !== 'node' || who.request === undefined) return ['E_CONFLICT']
    const refusal = budgetRefusal(state, who, params, now)
    if (refusal === undefined) return ['E_CONFLICT']
    if (refusal !== 'E_APPROVAL_REQUIRED') return [refusal]
    const waiting = state
      .all(Approvals)
      .filter((each) => each.status === 'approval_pending' && each.expiresAt > now)
    const [last] = approvalsOf(state, who)
    const same = last !== undefined && waiting.includes(last)
    const asker = askerOf(runOf(who))
    const ofAsker = waiting.filter((each) => askerOf(each.run) === asker)
    return (waiting.length >= 50 || ofAsker.length >= 5) && !same ? ['E_QUOTA_EXCEEDED'] : ['ok']
  }),
  law(setPolicy, ({ params, state, who, now, rules }) => {
    if (who.kind === 'node' && !who.owner) return ['E_FORBIDDEN']
    const { ownerActorId, suspendedAt } = state.get(WalletBindings, rules.market) ?? {}
    const owners = suspendedAt === undefined && actor(who) === ownerActorId
    if (who.kind === 'wallet' && !owners) return ['E_FORBIDDEN']
    const whose = who.kind === 'wallet' ? rules.market : actor(who)
    const { allow, topUp, remove, approve, deny } = params
    const mine = state.all(Allowances).filter((each) => each.actorId === whose)
    if (allow !== undefined) {
      // Whether it is one of those that are there already is nobody's concern below the most that there may be.
      const verdict = unless([!rules.currencies.has(allow.currency), 'E_INVALID_ARGUMENT'])
      return mine.length < 50 ? verdict : [...verdict, 'E_CONFLICT']
    }
    const named = topUp?.allowanceId ?? remove
    if (named !== undefined) {
      const of = mine.find(({ allowanceId }) => allowanceId === named)
      if (of === undefined) return ['E_NOT_FOUND']
      const now16 = of.topUps.filter(({ expiresAt }) => expiresAt > now).length >= 16
      return unless(
        [topUp?.amount === 0n, 'E_INVALID_ARGUMENT'],
        [topUp !== undefined && now16, 'E_CONFLICT'],
      )
    }
    const approval = state.all(Approvals).find(({ approvalId }) => approvalId === (approve ?? deny))
    if (approval === undefined || approval.actorId !== whose) return ['E_NOT_FOUND']
    return unless(
      [approval.status !== 'approval_pending', 'E_CONFLICT'],
      [approval.expiresAt <= now, 'E_EXPIRED'],
    )
  }),
]
