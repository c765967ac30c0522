/**
 * Post-paid leases (DESIGN §9): a lease draws on a line that its provider has opened for its consumer, up to the line's
 * ceiling. What was not paid in time blocks every new lease of that consumer from that provider, prepaid ones too.
 */
import type { CreditLine, Settlement } from '@openclaw-market/protocol/entities/money'
import { Settlements } from '@openclaw-market/protocol/entities/money'
import type { Quote } from '@openclaw-market/protocol/entities/records'
import type { Resource } from '@openclaw-market/protocol/entities/resource'
import { MarketError } from '@openclaw-market/protocol/errors'
import { update, type AccountRef, type Movement, type Write } from '@openclaw-market/protocol/operation'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import { literals, type ActorId } from '@openclaw-market/protocol/schema/scalars'
import { available, credit as creditAccount } from '../../ledger/account.ts'
import { beyondCeiling } from '../../ledger/apply.ts'
import type { Credit } from '../../settlement/end-lease.ts'
import { payDebts, type Debt } from '../../settlement/pay-debt.ts'
import { creditOf, debtsOf, defaultOf, drawnOf, openLine } from '../credit/load.ts'

export const leaseModes = ['prepaid', 'postpaid'] as const
export const LeaseMode = literals(leaseModes, 'postpaid: on a credit line of its provider')
type Mode = (typeof leaseModes)[number]

/** What decides how a lease may be paid. */
export interface Standing {
  readonly defaulted: Settlement | undefined
  /** The line that is open for this consumer in the currency of the resource, wanted or not. */
  readonly open: CreditLine | undefined
}

export async function loadStanding(tx: ReadTx, resource: Resource, consumer: ActorId): Promise<Standing> {
  const { providerActorId, currency } = resource
  return {
    defaulted: await defaultOf(tx, providerActorId, consumer),
    open: await openLine(tx, providerActorId, consumer, currency),
  }
}

/** As asked for; else as quoted. */
export function modeOf(asked: Mode | undefined, quote: Quote | undefined): Mode {
  return asked ?? (quote?.creditLineId === undefined ? 'prepaid' : 'postpaid')
}

/** @returns the line to draw on, undefined for a prepaid lease. @throws MarketError E_FORBIDDEN */
export function lineFor({ open, defaulted }: Standing, mode: Mode, currency: string): CreditLine | undefined {
  if (defaulted !== undefined) throw unpaid(defaulted)
  if (mode === 'prepaid') return undefined
  if (open !== undefined) return open
  throw new MarketError('E_FORBIDDEN', `its provider has opened no credit line for you in ${currency}`, {
    details: { pointer: '/mode', possible: ['prepaid'] },
    hint: 'Leave mode out and pay beforehand, or ask the provider to open one.',
  })
}

function unpaid(settlement: Settlement): MarketError {
  const { settlementId, leaseId, creditLineId, currency, locked, releasedSoFar, refundedSoFar } = settlement
  const owed = locked - releasedSoFar - refundedSoFar
  return new MarketError('E_FORBIDDEN', `${owed} ${currency} of an earlier lease was not paid in time`, {
    details: { settlementId, leaseId, creditLineId, currency, owed: owed.toString() },
    hint: 'Settle that credit line; until it is paid this provider leases you nothing.',
  })
}

/** The line, and what could be paid into it to make room. */
export interface Drawing extends Credit {
  readonly drawn: bigint
  readonly debts: readonly Debt[]
}

export async function loadDrawing(tx: ReadTx, line: CreditLine | undefined): Promise<Drawing | undefined> {
  if (line === undefined) return undefined
  return { ...(await creditOf(tx, line)), drawn: await drawnOf(tx, line), debts: await debtsOf(tx, line) }
}

export interface Locking {
  readonly from: AccountRef
  /** Paid first, where the line is at its cap. */
  readonly writes: readonly Write[]
  readonly movements: readonly Movement[]
  readonly subjects: readonly string[]
}

/**
 * Where the lock of a lease comes from. At its cap a line is settled: what is due on it is paid as far as the consumer's
 * money reaches, and only if that does not make enough room is the lease refused, and then nothing is paid either.
 */
export function lockingFor(
  drawing: Drawing | undefined,
  maxCost: bigint,
  consumer: ActorId,
  currency: string,
  now: number,
): Locking {
  const nothing = { writes: [], movements: [], subjects: [] }
  if (drawing === undefined) return { from: available(consumer, currency), ...nothing }
  const { line, drawn, debts } = drawing
  const from = creditAccount(line)
  if (drawn + maxCost <= line.ceiling) return { from, ...nothing }
  const { paid, settlements, movements } = payDebts(debts, drawing, now)
  if (drawn - paid + maxCost > line.ceiling)
    throw beyondCeiling(line.ceiling - (drawn - paid), currency, maxCost)
  return {
    from,
    writes: settlements.map((settlement) => update(Settlements, settlement)),
    movements,
    subjects: settlements.map(({ settlementId }) => settlementId),
  }
}
