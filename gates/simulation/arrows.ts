/** Every arrow of every state table, and how often a history has gone along it. */
import { Calls, Leases } from '@openclaw-market/protocol/entities/lease'
import { CreditLines, Payouts, Settlements } from '@openclaw-market/protocol/entities/money'
import { Approvals, Spends } from '@openclaw-market/protocol/entities/policy'
import { Offers, Resources } from '@openclaw-market/protocol/entities/resource'
import { deriveLeaseView, type LeaseView } from '@openclaw-market/protocol/states/derived'
import type { Machine } from '@openclaw-market/protocol/states/machine'
import {
  approvalMachine,
  callMachine,
  creditMachine,
  leaseMachine,
  leaseStates,
  offerMachine,
  payoutMachine,
  resourceMachine,
  settlementMachine,
  spendMachine,
  type LeaseStatus,
  type SettlementStatus,
} from '@openclaw-market/protocol/states/tables'
import { changed, type Changed, type State } from './state.ts'

export type Arrows = Map<string, number>

const machines: Readonly<Record<string, Machine<string>>> = {
  resource: resourceMachine,
  offer: offerMachine,
  lease: leaseMachine,
  call: callMachine,
  settlement: settlementMachine,
  credit: creditMachine,
  payout: payoutMachine,
  spend: spendMachine,
  approval: approvalMachine,
}

const views = ['order', 'consent', 'delivery'] as const

/** Each at zero. Arrows of the views follow from those of leases and settlements: money moves once a lease has ended. */
export function noArrows(): Arrows {
  const arrows: Arrows = new Map()
  for (const [what, machine] of Object.entries(machines))
    for (const [from, followers] of Object.entries(machine))
      for (const to of followers) arrows.set(arrow(what, from, to), 0)
  for (const lease of leaseStates.filter((each) => leaseMachine[each].length === 0)) {
    const start = deriveLeaseView('lease_active', 'settlement_locked')
    const locked = deriveLeaseView(lease, 'settlement_locked')
    const steps: (readonly [LeaseView, LeaseView])[] = [[start, locked]]
    for (const settlement of settlementMachine.settlement_locked) {
      const settled = deriveLeaseView(lease, settlement)
      steps.push([start, settled], [locked, settled])
    }
    for (const [from, to] of steps)
      for (const what of views) if (from[what] !== to[what]) arrows.set(arrow(what, from[what], to[what]), 0)
  }
  return arrows
}

/** Counts what this write went along. @returns changes of status that no table allows */
export function walk(arrows: Arrows, before: State, after: State): readonly string[] {
  const wrong: string[] = []
  const count = (name: string): void => {
    const so = arrows.get(name)
    if (so === undefined) wrong.push(`no table has ${name}`)
    else arrows.set(name, so + 1)
  }
  const step = (what: string, from: string, to: string): void => {
    const followers = machines[what]?.[from] ?? []
    // One write may end a lease at once: it passes through `lease_ending` all the same.
    const through = followers.includes(to)
      ? undefined
      : followers.find((each) => machines[what]?.[each]?.includes(to))
    if (through === undefined) return count(arrow(what, from, to))
    count(arrow(what, from, through))
    count(arrow(what, through, to))
  }
  const status = <T extends { readonly status: string }>(
    what: string,
    changes: readonly Changed<T>[],
  ): void => {
    for (const { before: was, after: is } of changes)
      if (was !== undefined && was.status !== is.status) step(what, was.status, is.status)
  }
  for (const { before: was, after: is } of changed(Resources, before, after))
    if (was !== undefined && (was.status !== is.status || was.version !== is.version))
      step('resource', was.status, is.status)
  status('offer', changed(Offers, before, after))
  status('lease', changed(Leases, before, after))
  status('call', changed(Calls, before, after))
  status('settlement', changed(Settlements, before, after))
  status('credit', changed(CreditLines, before, after))
  status('payout', changed(Payouts, before, after))
  status('spend', changed(Spends, before, after))
  status('approval', changed(Approvals, before, after))
  for (const [from, to] of changedViews(before, after))
    for (const what of views) if (from[what] !== to[what]) count(arrow(what, from[what], to[what]))
  return wrong
}

function changedViews(before: State, after: State): readonly (readonly [LeaseView, LeaseView])[] {
  const touched = new Set([
    ...changed(Leases, before, after).map(({ after: lease }) => lease.leaseId),
    ...changed(Settlements, before, after).map(({ after: settlement }) => settlement.leaseId),
  ])
  return [...touched].flatMap((leaseId) => {
    const from = viewIn(before, leaseId)
    const to = viewIn(after, leaseId)
    return from === undefined || to === undefined ? [] : [[from, to] as const]
  })
}

function viewIn(state: State, leaseId: string): LeaseView | undefined {
  const lease = state.get(Leases, leaseId)
  const settlement = lease === undefined ? undefined : state.get(Settlements, lease.settlementId)
  return lease === undefined || settlement === undefined
    ? undefined
    : deriveLeaseView(lease.status satisfies LeaseStatus, settlement.status satisfies SettlementStatus)
}

function arrow(what: string, from: string, to: string): string {
  return `${what}: ${from} → ${to}`
}
