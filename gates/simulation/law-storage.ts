/** Stored bytes over time: every byte accrues under one lease for every millisecond, and what is whole is billed at the end. */
import { Leases, type Lease } from '@openclaw-market/protocol/entities/lease'
import { costOf, plus } from './arithmetic.ts'
import { room } from './law.ts'
import { changed, type State } from './state.ts'

const day = 86_400_000
const gbDay = 10n ** 9n * BigInt(day)

/** @returns each storage lease whose bytes were not counted as they should be */
export function miscounted(before: State, after: State, now: number): readonly string[] {
  return changed(Leases, before, after).flatMap(({ before: was, after: is }) => {
    if (is.kind !== 'storage') return []
    const rules = was === undefined ? begunRules(before, is, now) : runRules(was, is, now)
    return Object.entries(rules).flatMap(([rule, holds]) => (holds ? [] : [`${is.leaseId}: ${rule}`]))
  })
}

/** Files belong to consumer and resource: a later lease goes on where the one before ended, while they are kept. */
function begunRules(before: State, { resourceId, consumerActorId, ...lease }: Lease, now: number) {
  const all = before.all(Leases)
  // By what was made last, and not by what says that it ended last: a clock may have been set back.
  const last = all
    .filter((each) => each.resourceId === resourceId && each.consumerActorId === consumerActorId)
    .reduce<Lease | undefined>(
      (latest, each) => (latest === undefined || each.leaseId > latest.leaseId ? each : latest),
      undefined,
    )
  const kept = last !== undefined && now < (last.endedAt ?? 0) + (last.policy.keepFilesDays ?? 0) * day
  const bytes = kept ? (last.storedBytes ?? 0n) : 0n
  const part = kept ? (last.byteMs ?? 0n) % gbDay : 0n
  return {
    'finds the files that are kept': lease.storedBytes === bytes,
    'goes on with the part of a gb_day that they have filled':
      lease.accruedAt === undefined || lease.byteMs === part,
    'has an id after every lease before it': all.every(({ leaseId }) => leaseId < lease.leaseId),
    'accrues from now': lease.accruedAt === undefined || lease.accruedAt === now,
  }
}

function runRules(was: Lease, is: Lease, now: number) {
  if (was.accruedAt === undefined || is.accruedAt === undefined) return {}
  const counted = (was.storedBytes ?? 0n) * BigInt(is.accruedAt - was.accruedAt)
  const ends = was.status === 'lease_active' && is.status !== 'lease_active'
  const due = (is.byteMs ?? 0n) / gbDay - (is.totals.gb_day ?? 0n)
  const onceMore = costOf(is.prices, plus(is.totals, { gb_day: 1n })) - costOf(is.prices, is.totals)
  return {
    'counts every byte for every millisecond': (is.byteMs ?? 0n) - (was.byteMs ?? 0n) === counted,
    'bills no gb_day that has not passed': due >= 0n,
    'is counted to its last moment':
      !ends || is.accruedAt === Math.max(was.accruedAt, Math.min(now, is.expiresAt)),
    'is billed what the budget covers when it ends': !ends || due === 0n || onceMore > room(is),
    'accrues nothing once it ends': was.status === 'lease_active' || counted === 0n,
  }
}
