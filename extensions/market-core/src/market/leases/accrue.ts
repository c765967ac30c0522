/** Storage over time: exact byte-milliseconds, from which whole gb_days follow. */
import { UsageRecords, type Lease } from '@openclaw-market/protocol/entities/lease'
import type { IdSource } from '@openclaw-market/protocol/ids'
import { affordable, costCeiling, costOfStep, type Prices } from '@openclaw-market/protocol/money/price'
import { insert, type HoldChange, type Write } from '@openclaw-market/protocol/operation'
import { escrow } from '../../ledger/account.ts'
import { record } from '../usage/record.ts'

export const byteMsPerGbDay = 1_000_000_000n * 86_400_000n

/** The lease with its byte-milliseconds counted up to now, or to where it stopped: nothing accrues once it ends. */
export function accrue(lease: Lease, now: number): Lease {
  if (lease.accruedAt === undefined || lease.status !== 'lease_active') return lease
  const until = Math.max(lease.accruedAt, Math.min(now, lease.expiresAt))
  const elapsed = BigInt(until - lease.accruedAt)
  return { ...lease, byteMs: (lease.byteMs ?? 0n) + (lease.storedBytes ?? 0n) * elapsed, accruedAt: until }
}

/**
 * The share that bytes kept for `ms` have in the bill, rounded up: what all of them are billed together is never more than all
 * their shares, though it is the whole gb_day that one of them fills which is billed.
 */
export function costOfKeeping(prices: Prices, bytes: bigint, ms: number): bigint {
  const byTime = prices.flatMap((price) =>
    price.unit === 'gb_day' ? [{ ...price, per: price.per * byteMsPerGbDay }] : [],
  )
  return costCeiling(byTime, { gb_day: bytes * BigInt(Math.max(0, ms)) })
}

export interface Accrued {
  readonly lease: Lease
  readonly gbDays: bigint
  /** Storage has used up the budget, whatever calls in progress give back. */
  readonly spent: boolean
  readonly writes: readonly Write[]
  readonly holds: readonly HoldChange[]
}

/**
 * Counts up to now and bills the whole gb_days (10^9 bytes for 86 400 s each) of the running total that no record has
 * yet, as far as the budget goes. What a day has not filled stays in the running total.
 */
export function billAccrual(active: Lease, now: number, ids: IdSource): Accrued {
  const counted = accrue(active, now)
  const due = (counted.byteMs ?? 0n) / byteMsPerGbDay - (counted.totals.gb_day ?? 0n)
  if (due <= 0n || active.status !== 'lease_active') {
    return { lease: counted, gbDays: 0n, spent: false, writes: [], holds: [] }
  }
  const { prices, totals, maxCost, metered, reserved } = counted
  const most = affordable(prices, totals, 'gb_day', maxCost - metered - reserved) ?? due
  const gbDays = due < most ? due : most
  const spent = due > (affordable(prices, totals, 'gb_day', maxCost - metered) ?? due)
  if (gbDays === 0n) return { lease: counted, gbDays, spent, writes: [], holds: [] }
  const step = { gb_day: gbDays }
  const cost = costOfStep(prices, totals, step)
  const requestId = `accrual:gb_day:${(totals.gb_day ?? 0n) + gbDays}`
  const { record: line, lease } = record(
    counted,
    { ledgerId: ids.next('use'), step, cost, outcome: 'done', requestId },
    now,
  )
  const account = escrow(lease.settlementId, lease.currency, lease.consumerActorId)
  return {
    lease,
    gbDays,
    spent,
    writes: [insert(UsageRecords, line)],
    holds: [
      { op: 'hold', account, amount: cost },
      { op: 'resolve', account, amount: cost, posted: cost },
    ],
  }
}
