/** What one write may do to the settlement of a post-paid lease: from the records before and after it and the time. */
import type { Lease } from '@openclaw-market/protocol/entities/lease'
import { CreditLines, type Settlement } from '@openclaw-market/protocol/entities/money'
import { availableTo } from './law-accounts.ts'
import type { Rules, Write } from './law-changes.ts'
import { drawnOn } from './law-credit.ts'

export function owedRules(
  was: Settlement | undefined,
  is: Settlement,
  lease: Lease,
  { before, after, now, windowMs }: Write,
): Rules {
  const { locked, releasedSoFar, refundedSoFar, closesAt, status, payBy, dueAt } = is
  const line = after.get(CreditLines, is.creditLineId ?? '')
  if (was === undefined)
    return {
      'locks what the lease may cost': locked === lease.maxCost && releasedSoFar + refundedSoFar === 0n,
      'draws no more than was granted': line !== undefined && drawnOn(after, line) <= line.ceiling,
      'draws on an open line': line?.status === 'credit_open',
    }
  const ended = lease.endedAt !== undefined
  const accepted = lease.status === 'lease_completed'
  const window = accepted && lease.unknownCalls === 0 ? 0 : windowMs
  const due = ended && (accepted || now >= (closesAt ?? Infinity))
  const over = releasedSoFar + refundedSoFar === locked
  const paid = releasedSoFar - was.releasedSoFar
  const owed = ['settlement_owed', 'settlement_defaulted']
  const became = (state: Settlement['status']): boolean => status === state && was.status !== state
  const unpaid = locked - releasedSoFar - refundedSoFar
  const reached = availableTo(before, is.payerActorId, is.currency) >= unpaid
  return {
    'never takes money back': paid >= 0n && refundedSoFar >= was.refundedSoFar,
    'is paid whole or not at all': paid === 0n || releasedSoFar === lease.metered,
    'returns all that nobody earned or holds when it has ended':
      refundedSoFar === (ended ? locked - lease.metered - lease.reserved : 0n),
    'pays nothing while its window is open':
      paid === 0n || due || lease.status === 'lease_active' || owed.includes(was.status),
    'has the window that the ending gives it':
      was.closesAt === undefined
        ? closesAt === (ended ? now + window : undefined)
        : closesAt === was.closesAt,
    'is over when its escrow is empty':
      !ended || over === ['settlement_released', 'settlement_refunded'].includes(status),
    'says whether anything was paid':
      !ended || !over || (status === 'settlement_released') === releasedSoFar > 0n,
    'is owed as soon as it is due': status !== 'settlement_locked' || !due || over || lease.reserved > 0n,
    'is owed only when it is due, and could not be paid':
      !became('settlement_owed') || (due && lease.reserved === 0n && !reached),
    'may be owed for as long as was agreed':
      !became('settlement_owed') || (payBy === now + (line?.graceMs ?? NaN) && dueAt === payBy),
    'is defaulted only when its time is over, and it could not be paid':
      !became('settlement_defaulted') || (now >= (was.payBy ?? Infinity) && paid === 0n && !reached),
    'is looked at again while it is locked':
      status !== 'settlement_locked' || dueAt === (ended ? closesAt : undefined),
    'stays when it is over': was.status === 'settlement_locked' || owed.includes(was.status),
  }
}
