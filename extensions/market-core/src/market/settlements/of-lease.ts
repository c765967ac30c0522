import { Type } from '@sinclair/typebox'
import { Leases, Orders, type Lease } from '@openclaw-market/protocol/entities/lease'
import { Settlements, type Settlement } from '@openclaw-market/protocol/entities/money'
import { isId, LeaseId, OrderId } from '@openclaw-market/protocol/ids'
import { query } from '@openclaw-market/protocol/operation'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import { closed, Timestamp } from '@openclaw-market/protocol/schema/scalars'
import { LeaseView, SettlementView, showLease, showSettlement } from '@openclaw-market/protocol/views/lease'
import { found } from '../found.ts'

/** A lease is known by its own id or by its order's. */
export const LeaseOrOrder = Type.Unsafe<LeaseId | OrderId>(
  Type.String({ pattern: `${LeaseId.pattern}|${OrderId.pattern}`, description: 'a lease or its order' }),
)

/** Where the money of one lease is, and when it moves next. */
export const settlementOfLease = query({
  name: 'market.settlement.ofLease',
  summary: 'Where the money of one lease is: locked, metered, released, refunded, and when it moves next.',
  scope: 'read',
  params: closed({ id: LeaseOrOrder }),
  result: closed({
    lease: LeaseView,
    settlement: SettlementView,
    movesAt: Type.Optional(Timestamp),
  }),
  errors: ['E_NOT_FOUND'],
  callers: ['node', 'wallet', 'operator'],
  async answer(tx, { id }) {
    const leaseId = await leaseOf(tx, id)
    const lease = found(await tx.get(Leases, leaseId), 'lease', leaseId)
    const settlement = found(await tx.get(Settlements, lease.settlementId), 'settlement', lease.settlementId)
    const at = movesAt(lease, settlement)
    return {
      lease: showLease(lease, settlement),
      settlement: showSettlement(settlement),
      ...(at === undefined ? {} : { movesAt: at }),
    }
  },
})

async function leaseOf(tx: ReadTx, id: LeaseId | OrderId): Promise<LeaseId> {
  if (isId(id, 'lease')) return id
  return found(await tx.get(Orders, id), 'order', id).leaseId
}

/** At the latest; nothing when all of it has gone home. */
function movesAt(lease: Lease, settlement: Settlement): number | undefined {
  switch (lease.status) {
    case 'lease_active':
      return lease.expiresAt
    case 'lease_ending':
      return lease.dueAt
    case 'lease_completed':
    case 'lease_revoked':
    case 'lease_expired':
      return settlement.dueAt
  }
}
