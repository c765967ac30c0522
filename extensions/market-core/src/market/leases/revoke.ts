import { Type } from '@sinclair/typebox'
import { LeaseId } from '@openclaw-market/protocol/ids'
import { operation } from '@openclaw-market/protocol/operation'
import { actorOf } from '@openclaw-market/protocol/principal'
import { closed, line } from '@openclaw-market/protocol/schema/scalars'
import { LeaseView, showLease } from '@openclaw-market/protocol/views/lease'
import { end, loadLease } from './end.ts'

/** Either party ends the lease. What was delivered is billed all the same, and paid when the dispute window is over. */
export const revokeLease = operation({
  name: 'market.lease.revoke',
  summary:
    'Ends a lease early: the unused part returns at once, the metered part is paid after the dispute window.',
  effect: 'money',
  scope: 'admin',
  params: closed({ leaseId: LeaseId, reason: Type.Optional(line(0, 200)) }),
  result: closed({ lease: LeaseView }),
  errors: ['E_NOT_FOUND', 'E_CONFLICT'],
  callers: ['node', 'wallet', 'operator'],
  load: (tx, { leaseId }, { who }) =>
    loadLease(tx, leaseId, (l) => l.consumerActorId === actorOf(who) || l.providerActorId === actorOf(who)),
  decide(state, { leaseId, reason }, context) {
    const ending = {
      reason: 'revoked' as const,
      by: actorOf(context.who),
      ...(reason === undefined ? {} : { note: reason }),
    }
    const { closing, changes } = end(state, ending, context)
    return {
      result: { lease: showLease(closing.lease, closing.settlement) },
      subjects: [leaseId, state.settlement.settlementId],
      ...changes,
    }
  },
})
