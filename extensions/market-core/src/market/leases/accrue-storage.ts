import { LeaseId } from '@openclaw-market/protocol/ids'
import { operation } from '@openclaw-market/protocol/operation'
import { closed, literals, Quantity } from '@openclaw-market/protocol/schema/scalars'
import { MarketError } from '@openclaw-market/protocol/errors'
import { leaseStates } from '@openclaw-market/protocol/states/tables'
import { beginEnding, settleLease } from '../../settlement/end-lease.ts'
import { billAccrual } from './accrue.ts'
import { nextDue } from './due.ts'
import { closingChanges, loadLease } from './end.ts'

/** Bills what storage has kept since the last look, and ends the lease when the budget covers no more of it. */
export const accrueStorage = operation({
  name: 'market.lease.accrue',
  summary: 'Counts the byte-time of a storage lease and bills the whole gb_days of it.',
  effect: 'money',
  scope: 'admin',
  params: closed({ leaseId: LeaseId }),
  result: closed({ gbDays: Quantity, status: literals(leaseStates) }),
  errors: ['E_NOT_FOUND', 'E_CONFLICT'],
  callers: ['market'],
  load: (tx, { leaseId }) => loadLease(tx, leaseId, () => true),
  decide(state, { leaseId }, { now, ids, rules }) {
    if (state.lease.status !== 'lease_active' || state.lease.accruedAt === undefined) {
      throw new MarketError('E_CONFLICT', 'the lease accrues nothing', {
        details: { status: state.lease.status },
      })
    }
    const { lease, gbDays, spent, writes, holds } = billAccrual(state.lease, now, ids)
    const ending = { reason: 'expired' as const, by: rules.market, note: 'budget spent by storage' }
    const next = spent ? beginEnding(lease, ending, now) : { ...lease, dueAt: nextDue(lease, now) }
    const closing = settleLease({ ...state, lease: next }, rules.disputeWindowMs, now)
    const changes = closingChanges(state, closing)
    return {
      result: { gbDays, status: closing.lease.status },
      subjects: [leaseId],
      ...changes,
      writes: [...writes, ...changes.writes],
      holds,
    }
  },
})
