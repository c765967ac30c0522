import { Type } from '@sinclair/typebox'
import { Leases } from '@openclaw-market/protocol/entities/lease'
import { Settlements } from '@openclaw-market/protocol/entities/money'
import { ResourceId } from '@openclaw-market/protocol/ids'
import { query } from '@openclaw-market/protocol/operation'
import { nextCursor, paging } from '@openclaw-market/protocol/schema/paging'
import { ActorId, closed, literals, Sha256Hex } from '@openclaw-market/protocol/schema/scalars'
import { leaseStates } from '@openclaw-market/protocol/states/tables'
import { LeaseView, showLease } from '@openclaw-market/protocol/views/lease'
import { found } from '../found.ts'
import { given, next, page } from '../page.ts'

export const listLeases = query({
  name: 'market.lease.list',
  summary: 'Leases of yours, as consumer or provider, newest first.',
  scope: 'read',
  params: closed({
    resourceId: Type.Optional(ResourceId),
    providerActorId: Type.Optional(ActorId),
    consumerActorId: Type.Optional(ActorId),
    status: Type.Optional(literals(leaseStates)),
    tokenHash: Type.Optional(
      Type.Unsafe<string>({ ...Sha256Hex, description: 'by the SHA-256 of its token' }),
    ),
    ...paging,
  }),
  result: closed({ leases: Type.Array(LeaseView), nextCursor }),
  errors: [],
  callers: ['node', 'wallet', 'operator'],
  async answer(tx, { limit, cursor, ...where }) {
    const listed = await tx.list(Leases, { where: given(where), ...page(limit ?? 50, cursor) })
    const leases = []
    for (const lease of listed.items) {
      const settlement = await tx.get(Settlements, lease.settlementId)
      leases.push(showLease(lease, found(settlement, 'settlement', lease.settlementId)))
    }
    return { leases, ...next(listed) }
  },
})
