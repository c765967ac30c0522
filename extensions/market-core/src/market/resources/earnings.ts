import { Type } from '@sinclair/typebox'
import { Settlements } from '@openclaw-market/protocol/entities/money'
import { Leases } from '@openclaw-market/protocol/entities/lease'
import { ResourceId } from '@openclaw-market/protocol/ids'
import { query } from '@openclaw-market/protocol/operation'
import { closed, CurrencySymbol, RunningTotal } from '@openclaw-market/protocol/schema/scalars'
import { owedFor } from '../accounts/money-of.ts'
import { every } from '../every.ts'
import { found } from '../found.ts'

/** The part of `accountStatement` that comes from one resource: its sums over all resources are that statement's. */
export const resourceEarnings = query({
  name: 'market.resource.earnings',
  summary: 'What one resource has earned its provider and what it is still owed, per currency.',
  scope: 'read',
  params: closed({ resourceId: ResourceId }),
  result: closed({
    currencies: Type.Array(closed({ currency: CurrencySymbol, earned: RunningTotal, owed: RunningTotal })),
  }),
  errors: [],
  callers: ['node', 'wallet', 'operator'],
  async answer(tx, { resourceId }) {
    const sums = new Map<string, { earned: bigint; owed: bigint }>()
    for await (const lease of every(tx, Leases, { where: { resourceId } })) {
      const settlement = found(
        await tx.get(Settlements, lease.settlementId),
        'settlement',
        lease.settlementId,
      )
      const sum = sums.get(lease.currency) ?? { earned: 0n, owed: 0n }
      sums.set(lease.currency, {
        earned: sum.earned + settlement.releasedSoFar,
        owed: sum.owed + owedFor(settlement, lease),
      })
    }
    return { currencies: [...sums].map(([currency, sum]) => ({ currency, ...sum })) }
  },
})
