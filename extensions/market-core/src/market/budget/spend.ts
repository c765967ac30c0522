/** Taking what is spent from the budget: part of the write that commits the money, or of one before it. */
import { Approvals, Spends, type Approval, type Spend } from '@openclaw-market/protocol/entities/policy'
import type { SettlementId } from '@openclaw-market/protocol/ids'
import { insert, update, type DecideContext, type Write } from '@openclaw-market/protocol/operation'
import { transition } from '@openclaw-market/protocol/states/machine'
import { approvalMachine } from '@openclaw-market/protocol/states/tables'
import { judge, type Verdict } from '../../policy/judge.ts'
import { sessionOf } from '../../policy/run.ts'
import { approvalNeeded, ownerOnly, refusal } from '../../policy/words.ts'
import { wishOf, type Budget } from './load-budget.ts'

export interface Spending {
  readonly what: Spend['what']
  readonly spendKey: string
  readonly currency: string
  /** The most that it can come to. Undefined: nobody can tell. */
  readonly amount: bigint | undefined
  readonly settlementId?: SettlementId
}

type Context = Pick<DecideContext, 'now' | 'ids' | 'rules'>
type Cost = Pick<Spending, 'currency' | 'amount'>

/** Allowed, or to be asked for. @throws MarketError E_QUOTA_EXCEEDED, E_FORBIDDEN when it is refused */
export function verdictOf(
  budget: Budget,
  { currency, amount }: Cost,
  { now, rules: { currencies } }: Omit<Context, 'ids'>,
): Exclude<Verdict, { readonly is: 'refuse' }> {
  const { spender, allowances, counted } = budget
  const wish = wishOf(budget, currency, amount)
  const verdict = judge(spender, allowances, counted, wish, now)
  if (verdict.is !== 'refuse') return verdict
  throw verdict.by === 'owner-only'
    ? ownerOnly(spender, wish, currencies)
    : refusal(verdict.by, wish, { currencies, now })
}

/**
 * @returns what is to be written with it; nothing for whoever has no share in this budget
 * @throws MarketError E_QUOTA_EXCEEDED, E_FORBIDDEN, E_APPROVAL_REQUIRED
 */
export function spend(budget: Budget | undefined, spending: Spending, context: Context): readonly Write[] {
  if (budget === undefined) return []
  const { now, ids, rules } = context
  const verdict = verdictOf(budget, spending, context)
  const spendId = ids.next('spend')
  const { what, spendKey, currency, amount, settlementId } = spending
  const made = insert(Spends, {
    spendId,
    actorId: budget.actorId,
    what,
    spendKey,
    run: budget.spender.run,
    session: sessionOf(budget.spender.run),
    ...(budget.taker === undefined ? {} : { taker: budget.taker }),
    currency,
    ...(amount === undefined ? {} : { amount }),
    ...(settlementId === undefined ? {} : { settlementId }),
    status: settlementId === undefined ? 'spend_open' : 'spend_settled',
    createdAt: now,
  })
  if (verdict.is === 'allow') return [made]
  const approval = budget.approvals.find((each) => isGood(each, spending, now))
  if (approval === undefined) {
    const wish = wishOf(budget, currency, amount)
    throw approvalNeeded(verdict.by, wish, { currencies: rules.currencies, now }, budget.approvals[0])
  }
  const status = transition(
    approvalMachine,
    approval.status,
    'approval_used',
    `approval ${approval.approvalId}`,
  )
  return [made, update(Approvals, { ...approval, status, spendId })]
}

/** Granted, in time, and for as much. */
export function isGood({ status, expiresAt, currency, amount }: Approval, wish: Cost, now: number): boolean {
  if (status !== 'approval_granted' || now >= expiresAt || currency !== wish.currency) return false
  // Whoever approved what nobody could tell has approved any of it.
  return amount === undefined || (wish.amount !== undefined && wish.amount <= amount)
}
