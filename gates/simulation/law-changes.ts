/**
 * What one write may do to leases, calls and their money, whichever operation it was: from the records before and after it
 * and the time. Sums over all records are the business of the market's own verification.
 */
import { Calls, Leases, UsageRecords, type Call, type Lease } from '@openclaw-market/protocol/entities/lease'
import { Settlements, type Settlement } from '@openclaw-market/protocol/entities/money'
import { policyDefaults } from '@openclaw-market/protocol/entities/resource'
import { costOf, minus, plus, same, sum } from './arithmetic.ts'
import { totalsOf } from './law-calls.ts'
import { owedRules } from './law-owed.ts'
import { changed, type State } from './state.ts'

export interface Write {
  readonly before: State
  readonly after: State
  readonly now: number
  readonly windowMs: number
}

export type Rules = Readonly<Record<string, boolean>>

/** @returns each rule that does not hold, and of what */
export function brokenBy(write: Write): readonly string[] {
  const { before, after } = write
  const broken: string[] = []
  const check = (id: string, rules: Rules): void => {
    for (const [rule, holds] of Object.entries(rules)) if (!holds) broken.push(`${id}: ${rule}`)
  }
  const billed = new Map<string, bigint>()
  for (const { after: line } of changed(UsageRecords, before, after)) {
    const lease = before.get(Leases, line.leaseId)
    if (lease === undefined) continue
    const totals = plus(lease.totals, totalsOf(line.usage))
    const cost = costOf(lease.prices, totals) - costOf(lease.prices, lease.totals)
    billed.set(line.leaseId, cost)
    check(line.ledgerId, { 'costs what its usage costs': line.cost === cost })
  }
  for (const { before: was, after: is } of changed(Leases, before, after)) {
    check(is.leaseId, leaseRules(is, write.now))
    if (was !== undefined) check(is.leaseId, keptRules(was, is, billed.get(is.leaseId) ?? 0n))
  }
  for (const { before: was, after: is } of changed(Settlements, before, after)) {
    const lease = after.get(Leases, is.leaseId)
    if (lease === undefined) continue
    const rules = is.creditLineId === undefined ? settlementRules : owedRules
    check(is.settlementId, rules(was, is, lease, write))
  }
  for (const { before: was, after: is } of changed(Calls, before, after)) {
    const lease = after.get(Leases, is.leaseId)
    if (lease !== undefined) check(is.callId, callRules(was, is, lease, write))
  }
  return broken
}

function leaseRules(lease: Lease, now: number): Rules {
  const { metered, reserved, maxCost, openCalls, status, endReason, prices, totals } = lease
  const ended = lease.endedAt !== undefined
  const due = (lease.byteMs ?? 0n) / (10n ** 9n * 86_400_000n) - (totals.gb_day ?? 0n)
  const expired = now >= lease.expiresAt || (due > 0n && lease.accruedAt !== undefined)
  return {
    'is metered at what its totals cost': metered === costOf(prices, totals),
    'never costs more than its lock': metered >= 0n && reserved >= 0n && metered + reserved <= maxCost,
    'has no more open calls than it allows':
      openCalls <= (lease.policy.maxConcurrent ?? policyDefaults.maxConcurrent),
    'ends only when no call is open': !ended || openCalls === 0,
    'has ended when it says so': ended === !['lease_active', 'lease_ending'].includes(status),
    'says why it ends': (endReason === undefined) === (status === 'lease_active'),
    'ends for the reason it says': !ended || status === `lease_${endReason}`,
    'expires only in its time': lease.endingAt !== now || endReason !== 'expired' || expired,
    'is ended at once when nothing is open': status !== 'lease_ending' || openCalls > 0,
    'waits for its calls no longer than one may take':
      status !== 'lease_ending' ||
      lease.dueAt === (lease.endingAt ?? 0) + (lease.policy.maxCallMs ?? policyDefaults.maxCallMs),
    'is acted on by its expiry at the latest':
      status !== 'lease_active' || (lease.dueAt ?? Infinity) <= lease.expiresAt,
  }
}

/** What stays as it was agreed, and what only grows. */
function keptRules(was: Lease, is: Lease, billed: bigint): Rules {
  return {
    'keeps what was agreed':
      was.maxCost === is.maxCost &&
      was.expiresAt === is.expiresAt &&
      was.consumerActorId === is.consumerActorId &&
      was.providerActorId === is.providerActorId &&
      JSON.stringify(was.policy) === JSON.stringify(is.policy) &&
      was.prices.every(
        (price, i) => price.amount === is.prices[i]?.amount && price.per === is.prices[i]?.per,
      ),
    'is metered by its records alone': is.metered - was.metered === billed,
    'uses no less than before': minus(is.totals, was.totals) !== undefined,
    'counts records and calls upwards': is.usageSeq >= was.usageSeq && is.callSeq >= was.callSeq,
    'is never billed again when all is settled':
      was.endedAt === undefined || was.unknownCalls > 0 || billed === 0n,
  }
}

function settlementRules(
  was: Settlement | undefined,
  is: Settlement,
  lease: Lease,
  { now, windowMs }: Write,
): Rules {
  const { releasedSoFar, refundedSoFar, closesAt, locked, status } = is
  if (was === undefined)
    return {
      'locks what the lease may cost': locked === lease.maxCost && releasedSoFar + refundedSoFar === 0n,
    }
  const ended = lease.endedAt !== undefined
  const accepted = lease.status === 'lease_completed'
  const window = accepted && lease.unknownCalls === 0 ? 0 : windowMs
  const paid = accepted || now >= (closesAt ?? Infinity)
  const over = releasedSoFar + refundedSoFar === locked
  return {
    'moves nothing while the lease runs': ended,
    'never takes money back': releasedSoFar >= was.releasedSoFar && refundedSoFar >= was.refundedSoFar,
    'returns all that nobody earned or holds': refundedSoFar === locked - lease.metered - lease.reserved,
    'pays all that is earned when it is accepted or its window is over':
      !paid || releasedSoFar === lease.metered,
    'pays nothing before that': paid || releasedSoFar === was.releasedSoFar,
    'has the window that the ending gives it':
      was.closesAt === undefined ? closesAt === now + window : closesAt === was.closesAt,
    'is over when its escrow is empty, and only then': over === (status !== 'settlement_locked'),
    'says whether anything was paid':
      status === 'settlement_locked' || (status === 'settlement_released') === releasedSoFar > 0n,
    'is looked at again while it is not over': over || is.dueAt === closesAt,
    'stays when it is over': was.status === 'settlement_locked',
  }
}

function callRules(
  was: Call | undefined,
  is: Call,
  lease: Lease,
  { before, after, now, windowMs }: Write,
): Rules {
  const records = after.all(UsageRecords).filter((line) => line.callId === is.callId)
  const used = records.reduce((total, line) => plus(total, totalsOf(line.usage)), {})
  const more = records.length - before.all(UsageRecords).filter((line) => line.callId === is.callId).length
  const corrected = was?.status === 'call_unknown' && more > 0
  const lapsed = was?.status === 'call_unknown' && more === 0
  return {
    'is billed what its records say': is.billed === sum(records, (line) => line.cost),
    'is counted as its records say': same(is.usage, used),
    'is billed within its reserve':
      is.billed <= is.reserved && is.reserved === (was?.reserved ?? is.reserved),
    'belongs to the parties of its lease':
      is.consumerActorId === lease.consumerActorId && is.providerActorId === lease.providerActorId,
    'can be corrected within the window':
      is.status !== 'call_unknown' || is.dueAt === (is.closedAt ?? 0) + windowMs,
    'is corrected only in time': !corrected || now < (was.dueAt ?? -Infinity),
    'lapses only when its time is over': !lapsed || now >= (was.dueAt ?? Infinity),
    'is billed by one record at a time': more <= 1,
    'never costs less than before': is.billed >= (was?.billed ?? 0n),
    'is opened only in a lease that runs':
      was !== undefined ||
      is.status !== 'call_open' ||
      (lease.status === 'lease_active' && now < lease.expiresAt),
  }
}
