import { Leases } from '@openclaw-market/protocol/entities/lease'
import { Settlements } from '@openclaw-market/protocol/entities/money'
import { LeaseId } from '@openclaw-market/protocol/ids'
import { query } from '@openclaw-market/protocol/operation'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { LeaseView, showLease } from '@openclaw-market/protocol/views/lease'
import { found } from '../found.ts'

export const getLease = query({
  name: 'market.lease.get',
  summary: 'One lease of yours, as consumer or provider: state, usage, what is left, and its money.',
  scope: 'read',
  params: closed({ leaseId: LeaseId }),
  result: closed({ lease: LeaseView }),
  errors: ['E_NOT_FOUND'],
  callers: ['node', 'wallet', 'operator'],
  async answer(tx, { leaseId }) {
    const lease = found(await tx.get(Leases, leaseId), 'lease', leaseId)
    return {
      lease: showLease(
        lease,
        found(await tx.get(Settlements, lease.settlementId), 'settlement', lease.settlementId),
      ),
    }
  },
})
