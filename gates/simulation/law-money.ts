/** Whose money is where, added up from deposits, payouts and settlements, by a program that knows no accounts. */
import { Calls, Leases, UsageRecords } from '@openclaw-market/protocol/entities/lease'
import { Accounts, Deposits, Payouts, Settlements } from '@openclaw-market/protocol/entities/money'
import { costOf, plus } from './arithmetic.ts'
import { availableTo } from './law-accounts.ts'
import { totalsOf } from './law-calls.ts'
import type { State } from './state.ts'

type Purses = Map<string, bigint>

function add(purses: Purses, actorId: string, currency: string, amount: bigint): void {
  const purse = `available:${actorId}:${currency}`
  purses.set(purse, (purses.get(purse) ?? 0n) + amount)
}

/** @returns each actor who has more or less than came in, went out, is locked and was earned */
export function misplaced(state: State): readonly string[] {
  const purses: Purses = new Map()
  for (const { actorId, currency, amount } of state.all(Deposits)) add(purses, actorId, currency, amount)
  for (const { actorId, currency, amount, status } of state.all(Payouts))
    if (status !== 'payout_returned') add(purses, actorId, currency, -amount)
  for (const settlement of state.all(Settlements)) {
    const { payerActorId, payeeActorId, currency, locked, refundedSoFar, releasedSoFar } = settlement
    // Post-paid nothing of the payer's own is locked: it has paid what the payee has earned.
    const own = settlement.creditLineId === undefined ? refundedSoFar - locked : -releasedSoFar
    add(purses, payerActorId, currency, own)
    add(purses, payeeActorId, currency, releasedSoFar)
  }
  const wrong: string[] = []
  for (const { accountId, kind, credits, debits } of state.all(Accounts)) {
    if (kind !== 'available') continue
    const due = purses.get(accountId) ?? 0n
    purses.delete(accountId)
    if (credits - debits !== due) wrong.push(`${accountId} has ${credits - debits} and should have ${due}`)
  }
  for (const [purse, due] of purses) if (due !== 0n) wrong.push(`${purse} is missing and should have ${due}`)
  return wrong
}

/** When all time has passed: everything has ended, and every actor has paid and earned what the records say. */
export function unsettled(state: State): readonly string[] {
  const wrong: string[] = []
  for (const { callId, status } of state.all(Calls))
    if (status === 'call_open' || status === 'call_unknown') wrong.push(`${callId} is still ${status}`)
  for (const { leaseId, endedAt, status } of state.all(Leases))
    if (endedAt === undefined) wrong.push(`${leaseId} is still ${status}`)
  for (const settlement of state.all(Settlements)) {
    const { settlementId, leaseId, status, locked, releasedSoFar, refundedSoFar } = settlement
    const lease = state.get(Leases, leaseId)
    const used = state
      .all(UsageRecords)
      .filter((line) => line.leaseId === leaseId)
      .reduce((totals, line) => plus(totals, totalsOf(line.usage)), {})
    const earned = lease === undefined ? 0n : costOf(lease.prices, used)
    const defaulted = status === 'settlement_defaulted'
    const { payerActorId, currency } = settlement
    if (defaulted && locked - releasedSoFar - refundedSoFar <= availableTo(state, payerActorId, currency))
      wrong.push(`${settlementId} is still ${status}, and its payer could pay`)
    if (status === 'settlement_locked' || status === 'settlement_owed')
      wrong.push(`${settlementId} is still ${status}`)
    if (!defaulted && releasedSoFar !== earned)
      wrong.push(`${settlementId} has paid ${releasedSoFar} and not ${earned}`)
    if (refundedSoFar !== locked - earned)
      wrong.push(`${settlementId} has returned ${refundedSoFar} and not ${locked - earned}`)
  }
  return wrong
}
