/** When a call is opened, how far it may get, and what may be billed for it. */
import { Calls, Leases, UsageRecords, type Call, type Lease } from '@openclaw-market/protocol/entities/lease'
import { policyDefaults } from '@openclaw-market/protocol/entities/resource'
import { unitsOf, type UnitTotals } from '@openclaw-market/protocol/money/units'
import { checkpointCall } from '../../extensions/market-core/src/market/calls/checkpoint.ts'
import { lapseCall } from '../../extensions/market-core/src/market/calls/lapse.ts'
import { openCall } from '../../extensions/market-core/src/market/calls/open.ts'
import { appendUsage } from '../../extensions/market-core/src/market/usage/append.ts'
import { ceilingOf, costOf, minus, plus, same } from './arithmetic.ts'
import { law, room, serves, unless, type Law, type Verdict } from './law.ts'
import type { State } from './state.ts'

type Usage = readonly { readonly unit: string; readonly quantity: bigint }[]

export const totalsOf = (usage: Usage): UnitTotals =>
  Object.fromEntries(usage.map(({ unit, quantity }) => [unit, quantity]))

export const callOf = (state: State, leaseId: string, requestId: string): Call | undefined =>
  state.all(Calls).find((call) => call.requestKey === `${leaseId}/${requestId}`)

/** How far a clock may have been set back since somebody looked at it. */
const clockError = 60_000

function implausible(usage: Usage, { kind }: Lease): boolean {
  const units: readonly string[] = unitsOf[kind].filter((unit) => unit !== 'gb_day')
  const twice = new Set(usage.map(({ unit }) => unit)).size < usage.length
  return twice || usage.some(({ unit, quantity }) => !units.includes(unit) || quantity >= 10n ** 18n)
}

function closedTo(lease: Lease, now: number): Verdict | undefined {
  if (lease.status === 'lease_active' && now < lease.expiresAt) return undefined
  return [lease.endReason === 'revoked' ? 'E_REVOKED' : 'E_EXPIRED']
}

export const callLaws: readonly Law[] = [
  law(openCall, ({ params: { leaseId, requestId, reserve }, state, who, now, rules }) => {
    const lease = state.get(Leases, leaseId)
    if (lease === undefined || !serves(lease, who, rules, now)) return ['E_NOT_FOUND']
    if (callOf(state, leaseId, requestId) !== undefined) return ['E_CONFLICT']
    const most = lease.policy.maxConcurrent ?? policyDefaults.maxConcurrent
    return (
      closedTo(lease, now) ??
      unless([reserve > room(lease), 'E_QUOTA_EXCEEDED'], [lease.openCalls >= most, 'E_RATE_LIMITED'])
    )
  }),
  law(checkpointCall, ({ params, state, who, rules }) => {
    const call = state.get(Calls, params.callId)
    const lease = call === undefined ? undefined : state.get(Leases, call.leaseId)
    if (call === undefined || lease === undefined || !serves(lease, who, rules, call.openedAt))
      return ['E_NOT_FOUND']
    if (implausible(params.usage, lease)) return ['E_INVALID_ARGUMENT']
    const usage = totalsOf(params.usage)
    return unless(
      [call.status !== 'call_open' || minus(usage, call.checkpoint) === undefined, 'E_CONFLICT'],
      [ceilingOf(lease.prices, usage) > call.reserved, 'E_QUOTA_EXCEEDED'],
    )
  }),
  law(lapseCall, ({ params, state, now }) => {
    const call = state.get(Calls, params.callId)
    if (call === undefined) return ['E_NOT_FOUND']
    return unless([call.status !== 'call_unknown' || now < (call.dueAt ?? Infinity), 'E_CONFLICT'])
  }),
  law(appendUsage, ({ params: { entry }, state, who, now, rules, serving }) => {
    const lease = state.get(Leases, entry.leaseId)
    if (lease === undefined) return ['E_NOT_FOUND']
    if (who.kind === 'operator' && who.onBehalfOf !== undefined) return ['E_FORBIDDEN']
    const call = callOf(state, entry.leaseId, entry.requestId)
    if (who.kind !== 'market' && !serves(lease, who, rules, call?.openedAt ?? now)) return ['E_NOT_FOUND']
    if (implausible(entry.usage, lease)) return ['E_INVALID_ARGUMENT']
    const unknown = entry.outcome === 'unknown'
    const givenUp = who.kind === 'market' && call?.status === 'call_open'
    // The market gives a call up only when its process has died, or when its lease has waited long enough.
    const late = lease.status === 'lease_ending' && now + clockError >= (lease.dueAt ?? Infinity)
    if (givenUp && (!unknown || (serving && !late))) return []
    const used = givenUp ? call.checkpoint : totalsOf(entry.usage)
    if (call === undefined) {
      if (unknown) return ['E_CONFLICT']
      const closed = lease.status === 'lease_ending' ? undefined : closedTo(lease, now)
      return closed ?? billing(lease, used, entry.cost, room(lease))
    }
    if (call.status !== 'call_open') {
      const last = call.ledgerId === undefined ? undefined : state.get(UsageRecords, call.ledgerId)
      if (last?.outcome === entry.outcome && same(call.usage, used)) return ['ok']
      if (call.status !== 'call_unknown' || unknown) return ['E_CONFLICT']
      if (now >= (call.dueAt ?? -Infinity)) return ['E_EXPIRED']
    }
    const step = minus(used, call.usage)
    if (step === undefined) return ['E_CONFLICT']
    return billing(lease, step, entry.cost, call.reserved - call.billed)
  }),
]

function billing(lease: Lease, step: UnitTotals, stated: bigint | undefined, within: bigint): Verdict {
  const cost = costOf(lease.prices, plus(lease.totals, step)) - costOf(lease.prices, lease.totals)
  return unless([stated !== undefined && stated !== cost, 'E_CONFLICT'], [cost > within, 'E_QUOTA_EXCEEDED'])
}
