/** Statements of conversations: their times, and that none says more of a lease of this market than the lease itself. */
import { Leases } from '@openclaw-market/protocol/entities/lease'
import {
  SessionStatements,
  type SessionStatement,
} from '@openclaw-market/protocol/entities/session-statement'
import type { LeaseId } from '@openclaw-market/protocol/ids'
import type { Books } from './books.ts'
import { all, rules, same } from './findings.ts'

interface Facts {
  readonly statement: SessionStatement
  /** What leases of this market came to. Those of other markets are theirs to know. */
  readonly metered: ReadonlyMap<LeaseId, bigint>
}

const statementRules = rules<Facts>({
  'statement.times': ({ statement: { since, until, createdAt, closedAt = createdAt } }) =>
    all(
      since <= until || 'ends before it begins',
      same('createdAt', createdAt, until),
      closedAt >= createdAt || 'was closed before it was made',
    ),
  'statement.state': ({ statement: { status, closedAt, lines } }) =>
    status === 'statement_closed'
      ? closedAt !== undefined || 'is closed, and nobody knows since when'
      : (closedAt === undefined && lines.length === 0) || 'has lines, and is not closed',
  'statement.once': ({ statement: { lines } }) =>
    new Set(lines.map(({ leaseId }) => leaseId)).size === lines.length || 'counts a lease twice',
  'statement.cost': ({ statement: { lines }, metered }) =>
    all(
      ...lines.map(({ leaseId, cost }) => {
        const most = metered.get(leaseId)
        return most === undefined || cost <= most || `says ${cost} of ${leaseId}, which came to ${most}`
      }),
    ),
})

export async function checkStatements(books: Books): Promise<void> {
  await books.each(SessionStatements, async (statement) => {
    const metered = new Map<LeaseId, bigint>()
    for (const { leaseId } of statement.lines) {
      const lease = await books.get(Leases, leaseId)
      if (lease !== undefined) metered.set(leaseId, lease.metered)
    }
    books.findings.apply(statementRules, statement.statementId, { statement, metered })
  })
}
