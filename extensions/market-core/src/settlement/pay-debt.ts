/**
 * Paying what post-paid leases have cost (DESIGN §9). Pure. A debt is paid whole or not at all, so that of each lease it is
 * plain whether it is paid; several are paid in the order in which they are given, as far as the money reaches.
 */
import type { Settlement } from '@openclaw-market/protocol/entities/money'
import type { Lease } from '@openclaw-market/protocol/entities/lease'
import type { Movement } from '@openclaw-market/protocol/operation'
import { transition } from '@openclaw-market/protocol/states/machine'
import { settlementMachine } from '@openclaw-market/protocol/states/tables'
import { accepted, type Credit } from './end-lease.ts'
import { releaseOf } from './movements.ts'

export interface Debt {
  readonly lease: Lease
  readonly settlement: Settlement
}

export interface Payment {
  readonly paid: bigint
  /** What could be paid and was not: the money did not reach. */
  readonly owing: bigint
  readonly settlements: readonly Settlement[]
  readonly movements: readonly Movement[]
}

/**
 * What can be paid now: what is owed, what was accepted, and what a running lease has used so far. What still waits for the
 * end of its dispute window cannot.
 */
export function dueOf({ lease, settlement }: Debt): bigint {
  switch (settlement.status) {
    case 'settlement_owed':
    case 'settlement_defaulted':
      return lease.metered - settlement.releasedSoFar
    case 'settlement_locked': {
      const payable = lease.status === 'lease_active' || accepted(lease)
      return payable ? lease.metered - settlement.releasedSoFar : 0n
    }
    case 'settlement_released':
    case 'settlement_refunded':
      return 0n
  }
}

export function payDebts(debts: readonly Debt[], { line, payable }: Credit, now: number): Payment {
  let [paid, owing] = [0n, 0n]
  const settlements: Settlement[] = []
  const movements: Movement[] = []
  for (const debt of debts) {
    const due = dueOf(debt)
    if (due === 0n) continue
    if (paid + due > payable) {
      owing += due
      continue
    }
    paid += due
    settlements.push(paidOff(debt, due, now))
    movements.push(...releaseOf(debt.settlement, due, line))
  }
  return { paid, owing, settlements, movements }
}

/** A lease that runs, or waits for an unknown call, stays as it is: more may come. */
function paidOff({ settlement }: Debt, due: bigint, now: number): Settlement {
  const paid = { ...settlement, releasedSoFar: settlement.releasedSoFar + due }
  if (settlement.status === 'settlement_locked') return paid
  const { dueAt: _due, ...rest } = paid
  const status = transition(
    settlementMachine,
    settlement.status,
    'settlement_released',
    `settlement ${settlement.settlementId}`,
  )
  return { ...rest, status, settledAt: now }
}
