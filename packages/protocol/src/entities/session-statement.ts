/** What a conversation of this gateway's agents has used of leases, closed when it ends: this gateway's own books. */
import { Type, type Static } from '@sinclair/typebox'
import { collection } from '../collection.ts'
import { LeaseId, StatementId } from '../ids.ts'
import { UsageOrNone } from '../money/price.ts'
import { Amount, closed, CurrencySymbol, line, literals, Timestamp } from '../schema/scalars.ts'
import { SessionKey } from './policy.ts'

export const StatementLine = closed({
  leaseId: LeaseId,
  market: line(1, 64, 'the market that has the lease'),
  opened: Type.Boolean({
    description: 'opened for this conversation: it ended with it, and all that it cost is here',
  }),
  calls: Type.Integer({ minimum: 0, description: 'that this gateway made' }),
  unpriced: Type.Integer({ minimum: 0, description: 'of these: calls whose cost nobody has told us' }),
  usage: UsageOrNone,
  cost: Amount,
  currency: Type.Optional(CurrencySymbol),
})
export type StatementLine = Static<typeof StatementLine>

export const SessionStatementSchema = closed({
  rev: Type.Integer(),
  statementId: StatementId,
  sessionKey: SessionKey,
  /** Why it ended, in the host's word. */
  reason: line(1, 40, 'why it ended'),
  status: literals(
    ['statement_closing', 'statement_closed'],
    'closing: a lease that was opened for it has not been completed yet',
  ),
  since: Timestamp,
  until: Timestamp,
  lines: Type.Array(StatementLine, { maxItems: 500 }),
  createdAt: Timestamp,
  closedAt: Type.Optional(Timestamp),
})
export type SessionStatement = Static<typeof SessionStatementSchema>

export const SessionStatements = collection({
  name: 'session_statement',
  schema: SessionStatementSchema,
  key: 'statementId',
  indexes: ['sessionKey', 'status'],
})
