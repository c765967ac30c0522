import { Calls, Leases } from '@openclaw-market/protocol/entities/lease'
import { MarketError } from '@openclaw-market/protocol/errors'
import { CallId } from '@openclaw-market/protocol/ids'
import { operation, update } from '@openclaw-market/protocol/operation'
import { closed, literals } from '@openclaw-market/protocol/schema/scalars'
import { transition } from '@openclaw-market/protocol/states/machine'
import { callMachine, callStates } from '@openclaw-market/protocol/states/tables'
import { escrow } from '../../ledger/account.ts'
import { settleLease } from '../../settlement/end-lease.ts'
import { loadMoney } from '../credit/load.ts'
import { found } from '../found.ts'
import { closingChanges } from '../leases/end.ts'

/** An unknown call that nobody corrected in its window: what its checkpoint said stays billed, the rest of its reserve is free. */
export const lapseCall = operation({
  name: 'market.call.lapse',
  summary: 'Closes an unknown call whose window is over.',
  effect: 'money',
  scope: 'admin',
  params: closed({ callId: CallId }),
  result: closed({ callId: CallId, status: literals(callStates) }),
  errors: ['E_NOT_FOUND', 'E_CONFLICT'],
  callers: ['market'],
  async load(tx, { callId }) {
    const call = found(await tx.get(Calls, callId), 'call', callId)
    const lease = found(await tx.get(Leases, call.leaseId), 'lease', call.leaseId)
    return { call, ...(await loadMoney(tx, lease)) }
  },
  decide({ call, lease, settlement, credit }, { callId }, { now, rules }) {
    if (call.status !== 'call_unknown' || call.dueAt === undefined || now < call.dueAt) {
      throw new MarketError('E_CONFLICT', 'the window of this call is not over', {
        details: { status: call.status },
      })
    }
    const { dueAt: _due, ...rest } = call
    const frozen = call.reserved - call.billed
    const freed = { ...lease, reserved: lease.reserved - frozen, unknownCalls: lease.unknownCalls - 1 }
    const closing = settleLease({ lease: freed, settlement, credit }, rules.disputeWindowMs, now)
    const changes = closingChanges({ lease, settlement }, closing)
    const status = transition(callMachine, call.status, 'call_failed', `call ${callId}`)
    return {
      result: { callId, status },
      subjects: [callId, lease.leaseId],
      ...changes,
      writes: [update(Calls, { ...rest, status, closedAt: now }), ...changes.writes],
      holds: [
        {
          op: 'resolve',
          account: escrow(lease.settlementId, lease.currency, lease.consumerActorId),
          amount: frozen,
          posted: 0n,
        },
      ],
    }
  },
})
