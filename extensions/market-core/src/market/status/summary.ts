import { Type } from '@sinclair/typebox'
import type { TObject } from '@sinclair/typebox'
import type { Collection } from '@openclaw-market/protocol/collection'
import { Calls, Leases } from '@openclaw-market/protocol/entities/lease'
import { Payouts, Settlements } from '@openclaw-market/protocol/entities/money'
import { Resources } from '@openclaw-market/protocol/entities/resource'
import { query } from '@openclaw-market/protocol/operation'
import type { Query, ReadTx } from '@openclaw-market/protocol/reading'
import { ActorId, closed } from '@openclaw-market/protocol/schema/scalars'

const Count = Type.Integer({ minimum: 0, description: 'at most 10000, which means that many or more' })

export const statusSummary = query({
  name: 'market.status.summary',
  summary: 'How the market stands: what is offered, what runs, what is not settled yet.',
  scope: 'read',
  params: closed({}),
  result: closed({
    market: ActorId,
    chainId: Type.Integer(),
    resources: closed({ published: Count }),
    leases: closed({ active: Count, ending: Count }),
    calls: closed({ open: Count, unknown: Count }),
    settlement: closed({ pending: Count }),
    payouts: closed({ pending: Count }),
  }),
  errors: [],
  callers: ['node', 'wallet', 'operator'],
  async answer(tx, _params, { rules }) {
    return {
      market: rules.market,
      chainId: rules.chainId,
      resources: { published: await count(tx, Resources, { status: 'resource_published' }) },
      leases: {
        active: await count(tx, Leases, { status: 'lease_active' }),
        ending: await count(tx, Leases, { status: 'lease_ending' }),
      },
      calls: {
        open: await count(tx, Calls, { status: 'call_open' }),
        unknown: await count(tx, Calls, { status: 'call_unknown' }),
      },
      settlement: { pending: await count(tx, Settlements, { status: 'settlement_locked' }) },
      payouts: { pending: await count(tx, Payouts, { status: 'payout_pending' }) },
    }
  },
})

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
  } while (cursor !== undefined && total < 10_000)
  return total
}
