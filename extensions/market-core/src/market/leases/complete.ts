import { LeaseId } from '@openclaw-market/protocol/ids'
import { operation } from '@openclaw-market/protocol/operation'
import { actorOf } from '@openclaw-market/protocol/principal'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { LeaseView, showLease } from '@openclaw-market/protocol/views/lease'
import { end, loadLease } from './end.ts'

/** The consumer accepts what was metered: it is released at once, the rest returns. */
export const completeLease = operation({
  name: 'market.lease.complete',
  summary: 'Ends a lease and accepts its usage: what was metered is paid at once, the rest returns at once.',
  effect: 'money',
  scope: 'admin',
  params: closed({ leaseId: LeaseId }),
  result: closed({ lease: LeaseView }),
  errors: ['E_NOT_FOUND', 'E_CONFLICT'],
  callers: ['node', 'wallet', 'operator'],
  load: (tx, { leaseId }, { who }) =>
    loadLease(tx, leaseId, (lease) => lease.consumerActorId === actorOf(who)),
  decide(state, { leaseId }, context) {
    const { closing, changes } = end(state, { reason: 'completed', by: actorOf(context.who) }, context)
    return {
      result: { lease: showLease(closing.lease, closing.settlement) },
      subjects: [leaseId, state.settlement.settlementId],
      ...changes,
    }
  },
})
