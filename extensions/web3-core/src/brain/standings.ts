/** How leases stand: what their market says, asked at most every few seconds, and what the last call on them showed. */
import type { LeaseId } from '@openclaw-market/protocol/ids'
import type { Standing } from './choice.ts'

export interface Standings {
  /** Never rejects. */
  of(leaseId: LeaseId): Promise<Standing>
  /** A call has shown that it does not serve now. */
  rest(leaseId: LeaseId, ms: number, why: Exclude<Standing, 'serving'>): void
}

const freshMs = 10_000
const mostKept = 1_000

interface Known {
  readonly standing: Promise<Standing>
  readonly until: number
}

/** @param ask what its market says; a rejection counts as `unreachable` */
export function standings(ask: (leaseId: LeaseId) => Promise<Standing>, now: () => number): Standings {
  const known = new Map<LeaseId, Known>()
  const keep = (leaseId: LeaseId, entry: Known): void => {
    known.delete(leaseId)
    known.set(leaseId, entry)
    const [oldest] = known.keys()
    if (known.size > mostKept && oldest !== undefined) known.delete(oldest)
  }
  return {
    of(leaseId) {
      const before = known.get(leaseId)
      if (before !== undefined && before.until > now()) return before.standing
      const standing = ask(leaseId).catch(() => 'unreachable' as const)
      keep(leaseId, { standing, until: now() + freshMs })
      return standing
    },
    rest: (leaseId, ms, why) => keep(leaseId, { standing: Promise.resolve(why), until: now() + ms }),
  }
}
