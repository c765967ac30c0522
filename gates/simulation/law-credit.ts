/** Who may lend and draw, what may be paid when, and what a default forbids. */
import { Leases } from '@openclaw-market/protocol/entities/lease'
import { CreditLines, Settlements } from '@openclaw-market/protocol/entities/money'
import type { CreditLine, Settlement } from '@openclaw-market/protocol/entities/money'
import { Resources } from '@openclaw-market/protocol/entities/resource'
import { closeCredit } from '../../extensions/market-core/src/market/credit/close.ts'
import { collectDebt } from '../../extensions/market-core/src/market/credit/collect.ts'
import { openCredit } from '../../extensions/market-core/src/market/credit/open.ts'
import { settleCredit } from '../../extensions/market-core/src/market/credit/settle.ts'
import { sum } from './arithmetic.ts'
import { availableTo } from './law-accounts.ts'
import { actor, law, unless, type Law } from './law.ts'
import type { State } from './state.ts'

interface Offer {
  readonly providerActorId: string
  readonly currency: string
}

/** The open line of a provider for this actor. */
export function lineOf(state: State, offer: Offer, by: string | undefined): CreditLine | undefined {
  return state
    .all(CreditLines)
    .find(
      (line) =>
        line.status === 'credit_open' &&
        line.providerActorId === offer.providerActorId &&
        line.consumerActorId === by &&
        line.currency === offer.currency,
    )
}

/** Something was not paid to this provider in time, whatever it was for. */
export function blocks(state: State, provider: string, by: string | undefined): boolean {
  return state
    .all(Settlements)
    .some(
      ({ status, payeeActorId, payerActorId }) =>
        status === 'settlement_defaulted' && payeeActorId === provider && payerActorId === by,
    )
}

const inEscrow = ({ locked, releasedSoFar, refundedSoFar }: Settlement): bigint =>
  locked - releasedSoFar - refundedSoFar

/** What its leases hold and owe. */
export function drawnOn(state: State, { creditLineId }: CreditLine): bigint {
  return sum(
    state.all(Settlements).filter((each) => each.creditLineId === creditLineId),
    inEscrow,
  )
}

/** Used in a lease that runs or was accepted, or owed; what waits for its window is not due. */
function dueIn(state: State, { leaseId, status, releasedSoFar }: Settlement): bigint {
  const lease = state.get(Leases, leaseId)
  if (lease === undefined) return 0n
  const soon = status === 'settlement_locked' && ['lease_active', 'lease_completed'].includes(lease.status)
  const owed = status === 'settlement_owed' || status === 'settlement_defaulted'
  return soon || owed ? lease.metered - releasedSoFar : 0n
}

const order = ['settlement_defaulted', 'settlement_owed', 'settlement_locked']

/** What a payment comes to: whole debts, as far as the money reaches. */
function paying(
  state: State,
  line: CreditLine,
  leaseId?: string,
): { readonly paid: bigint; readonly owing: bigint } {
  const debts = state
    .all(Settlements)
    .filter(
      (each) =>
        each.creditLineId === line.creditLineId && (leaseId === undefined || each.leaseId === leaseId),
    )
    .toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status))
  let left = availableTo(state, line.consumerActorId, line.currency)
  let [paid, owing] = [0n, 0n]
  for (const due of debts.map((debt) => dueIn(state, debt))) {
    if (due > left) owing += due
    else {
      left -= due
      paid += due
    }
  }
  return { paid, owing }
}

/** What a new lease may lock: at the cap what is due is paid first. */
export function roomOn(state: State, line: CreditLine): bigint {
  return line.ceiling - drawnOn(state, line) + paying(state, line).paid
}

export const creditLaws: readonly Law[] = [
  law(openCredit, ({ params, state, who, rules }) => {
    const by = actor(who) ?? ''
    const publishes = state
      .all(Resources)
      .some((each) => each.providerActorId === by && each.status === 'resource_published')
    const { currency, ceiling, graceMs } = params
    const open = lineOf(state, { providerActorId: by, currency }, params.to)
    return unless(
      [!rules.currencies.has(params.currency), 'E_INVALID_ARGUMENT'],
      [params.to === by || !publishes, 'E_FORBIDDEN'],
      [open !== undefined && ceiling < drawnOn(state, open), 'E_CONFLICT'],
      [open !== undefined && graceMs !== undefined && graceMs !== open.graceMs, 'E_CONFLICT'],
    )
  }),
  law(closeCredit, ({ params, state, who }) => {
    const line = state.get(CreditLines, params.creditLineId)
    if (line === undefined || line.providerActorId !== actor(who)) return ['E_NOT_FOUND']
    return unless([line.status !== 'credit_open', 'E_CONFLICT'])
  }),
  law(settleCredit, ({ params: { creditLineId, leaseId }, state, who }) => {
    const line = state.get(CreditLines, creditLineId)
    if (line === undefined || line.consumerActorId !== actor(who)) return ['E_NOT_FOUND']
    const lease = leaseId === undefined ? undefined : state.get(Leases, leaseId)
    if (leaseId !== undefined && lease?.creditLineId !== creditLineId) return ['E_NOT_FOUND']
    const { paid, owing } = paying(state, line, leaseId)
    return unless([paid === 0n && owing > 0n, 'E_INSUFFICIENT_FUNDS'])
  }),
  law(collectDebt, ({ params, state, now }) => {
    const settlement = state.get(Settlements, params.settlementId)
    if (settlement === undefined) return ['E_NOT_FOUND']
    const { status, payerActorId, currency, payBy = Infinity } = settlement
    const owed = status === 'settlement_owed' || status === 'settlement_defaulted'
    const covered = inEscrow(settlement) <= availableTo(state, payerActorId, currency)
    const late = status === 'settlement_owed' && now >= payBy
    return unless([!owed || !(covered || late), 'E_CONFLICT'])
  }),
]
