import { Type } from '@sinclair/typebox'
import type { TObject } from '@sinclair/typebox'
import type { Collection } from '@openclaw-market/protocol/collection'
import { Calls, Leases } from '@openclaw-market/protocol/entities/lease'
import { Payouts, Settlements } from '@openclaw-market/protocol/entities/money'
import { Resources } from '@openclaw-market/protocol/entities/resource'
import type { LeaseId } from '@openclaw-market/protocol/ids'
import { query } from '@openclaw-market/protocol/operation'
import { actorOf } from '@openclaw-market/protocol/principal'
import type { Query, ReadTx } from '@openclaw-market/protocol/reading'
import { ActorId, closed } from '@openclaw-market/protocol/schema/scalars'
import { Statement, statementOf } from '../accounts/statement.ts'
import { every } from '../every.ts'

const most = 10_000
const Count = Type.Integer({ minimum: 0, description: `at most ${most}, which means that many or more` })

export const statusSummary = query({
  name: 'market.status.summary',
  summary: 'How the market stands: its money, what is offered, what runs, what is not settled yet.',
  scope: 'read',
  params: closed({}),
  result: closed({
    market: ActorId,
    chainId: Type.Integer(),
    /** Of whoever asks; of the node wallet when an operator does. */
    billing: Statement,
    resources: closed({ published: Count }),
    leases: closed({ active: Count, ending: Count }),
    calls: closed({ open: Count, unknown: Count }),
    settlement: closed({
      pending: Count,
      owed: Count,
      defaulted: Count,
      unknown: Type.Integer({
        ...Count,
        description: 'pending, and frozen in part by calls of unknown outcome',
      }),
    }),
    payouts: closed({ pending: Count }),
  }),
  errors: [],
  callers: ['node', 'wallet', 'operator'],
  async answer(tx, _params, { who, rules }) {
    return {
      market: rules.market,
      chainId: rules.chainId,
      billing: await statementOf(tx, actorOf(who), rules),
      resources: { published: await count(tx, Resources, { status: 'resource_published' }) },
      leases: {
        active: await count(tx, Leases, { status: 'lease_active' }),
        ending: await count(tx, Leases, { status: 'lease_ending' }),
      },
      calls: {
        open: await count(tx, Calls, { status: 'call_open' }),
        unknown: await count(tx, Calls, { status: 'call_unknown' }),
      },
      settlement: {
        pending: await count(tx, Settlements, { status: 'settlement_locked' }),
        owed: await count(tx, Settlements, { status: 'settlement_owed' }),
        defaulted: await count(tx, Settlements, { status: 'settlement_defaulted' }),
        unknown: await frozen(tx),
      },
      payouts: { pending: await count(tx, Payouts, { status: 'payout_pending' }) },
    }
  },
})

/** Unsettled leases with a call whose outcome nobody knows yet. */
async function frozen(tx: ReadTx): Promise<number> {
  const leases = new Set<LeaseId>()
  for await (const { leaseId } of every(tx, Calls, { where: { status: 'call_unknown' } })) {
    if (leases.size < most) leases.add(leaseId)
  }
  let total = 0
  for (const leaseId of leases) {
    const lease = await tx.get(Leases, leaseId)
    const settlement = lease === undefined ? undefined : await tx.get(Settlements, lease.settlementId)
    if (settlement?.status === 'settlement_locked') total += 1
  }
  return total
}

async function count<S extends TObject>(
  tx: ReadTx,
  of: Collection<S>,
  where: NonNullable<Query<S>['where']>,
): Promise<number> {
  let total = 0
  let cursor: string | undefined
  do {
    const page = await tx.list(of, { where, limit: 1000, ...(cursor === undefined ? {} : { cursor }) })
    total += page.items.length
    cursor = page.nextCursor
  } while (cursor !== undefined && total < most)
  return total
}
