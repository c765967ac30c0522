import { LeaseId } from '@openclaw-market/protocol/ids'
import { operation } from '@openclaw-market/protocol/operation'
import { closed, literals } from '@openclaw-market/protocol/schema/scalars'
import { leaseStates } from '@openclaw-market/protocol/states/tables'
import { MarketError } from '@openclaw-market/protocol/errors'
import { end, loadLease } from './end.ts'

export const expireLease = operation({
  name: 'market.lease.expire',
  summary: 'Ends a lease whose time is over.',
  effect: 'money',
  scope: 'admin',
  params: closed({ leaseId: LeaseId }),
  result: closed({ leaseId: LeaseId, status: literals(leaseStates) }),
  errors: ['E_NOT_FOUND', 'E_CONFLICT'],
  callers: ['market'],
  load: (tx, { leaseId }) => loadLease(tx, leaseId, () => true),
  decide(state, { leaseId }, context) {
    if (context.now < state.lease.expiresAt) {
      throw new MarketError('E_CONFLICT', 'the lease runs on', { details: { status: state.lease.status } })
    }
    const { closing, changes } = end(state, { reason: 'expired', by: context.rules.market }, context)
    return {
      result: { leaseId, status: closing.lease.status },
      subjects: [leaseId],
      ...changes,
    }
  },
})
