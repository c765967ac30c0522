/** An allowance as its owner sees it: the limit of now, and what of it is used and left. */
import { Type, type Static } from '@sinclair/typebox'
import { AllowanceSchema, ApprovalSchema, type Approval } from '@openclaw-market/protocol/entities/policy'
import type { MarketRules } from '@openclaw-market/protocol/operation'
import { Amount, closed } from '@openclaw-market/protocol/schema/scalars'
import { leftOf, limitAt, type Counted } from '../../policy/judge.ts'

const { rev: _rev, actorId: _actor, ...shownOfAllowance } = AllowanceSchema.properties

export const AllowanceView = closed({
  ...shownOfAllowance,
  decimals: Type.Optional(Type.Integer({ description: 'of the currency; absent: not of this market' })),
  limitNow: Type.Unsafe<bigint>({ ...Amount, description: 'with the top-ups of now' }),
  used: Type.Optional(Type.Unsafe<bigint>({ ...Amount, description: 'absent: unknown' })),
  left: Type.Optional(Type.Unsafe<bigint>({ ...Amount, description: 'absent: unknown' })),
})
export type AllowanceView = Static<typeof AllowanceView>

export function showAllowance(counted: Counted, now: number, rules: MarketRules): AllowanceView {
  const { allowance, used, unknown } = counted
  const { rev: _, actorId: __, ...shown } = allowance
  const decimals = rules.currencies.get(allowance.currency)?.decimals
  const left = leftOf(counted, now)
  return {
    ...shown,
    ...(decimals === undefined ? {} : { decimals }),
    topUps: allowance.topUps.filter(({ expiresAt }) => expiresAt > now),
    limitNow: limitAt(allowance, now),
    ...(unknown > 0 ? {} : { used }),
    ...(left === undefined ? {} : { left }),
  }
}

const {
  rev: _ofApproval,
  actorId: _whose,
  requestHash: _hash,
  dueAt: _due,
  spendId: _spend,
  ...shownOfApproval
} = ApprovalSchema.properties

export const ApprovalView = closed({
  ...shownOfApproval,
  decimals: Type.Optional(Type.Integer({ description: 'of the currency; absent: not of this market' })),
})
export type ApprovalView = Static<typeof ApprovalView>

export function showApproval(approval: Approval, rules: MarketRules): ApprovalView {
  const { rev: _, actorId: __, requestHash: ___, dueAt: ____, spendId: _____, ...shown } = approval
  const decimals = rules.currencies.get(approval.currency)?.decimals
  return { ...shown, ...(decimals === undefined ? {} : { decimals }) }
}
