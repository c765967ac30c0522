import { Calls, Leases } from '@openclaw-market/protocol/entities/lease'
import { MarketError } from '@openclaw-market/protocol/errors'
import { CallId } from '@openclaw-market/protocol/ids'
import { costCeiling, UsageOrNone } from '@openclaw-market/protocol/money/price'
import { totalsBetween } from '@openclaw-market/protocol/money/units'
import { operation, update } from '@openclaw-market/protocol/operation'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { found } from '../found.ts'
import { checkUsage } from '../usage/check.ts'
import { mayServe } from './serve.ts'

/** What has surely been delivered of an open call. After a crash the call is billed this and no less. */
export const checkpointCall = operation({
  name: 'market.call.checkpoint',
  summary: 'Records how far an open call has got.',
  effect: 'write',
  scope: 'admin',
  params: closed({ callId: CallId, usage: UsageOrNone }),
  result: closed({ callId: CallId }),
  errors: ['E_NOT_FOUND', 'E_FORBIDDEN', 'E_CONFLICT', 'E_QUOTA_EXCEEDED'],
  callers: ['node', 'wallet', 'operator'],
  async load(tx, { callId }, { who, rules }) {
    const call = found(await tx.get(Calls, callId), 'call', callId)
    const lease = found(await tx.get(Leases, call.leaseId), 'lease', call.leaseId)
    return {
      call: found(mayServe(lease, who, rules, call.openedAt) ? call : undefined, 'call', callId),
      lease,
    }
  },
  decide({ call, lease }, { callId, usage }) {
    const checkpoint = checkUsage(usage, lease.kind, '/usage', 'refused')
    if (call.status !== 'call_open' || totalsBetween(call.checkpoint, checkpoint) === undefined) {
      throw new MarketError('E_CONFLICT', 'a checkpoint only grows, and only while the call is open', {
        details: { status: call.status },
        hint: 'End the call by appending its usage.',
      })
    }
    // After a crash nobody is there to state less, so that a checkpoint must fit whatever else was used in between.
    const most = costCeiling(lease.prices, checkpoint)
    if (most > call.reserved) {
      throw new MarketError(
        'E_QUOTA_EXCEEDED',
        `the checkpoint may cost ${most} and the call has ${call.reserved} reserved`,
        {
          details: { cost: most.toString(), reserved: call.reserved.toString() },
          hint: 'Deliver no more than the reserve covers: end the call.',
        },
      )
    }
    return { result: { callId }, subjects: [callId], writes: [update(Calls, { ...call, checkpoint })] }
  },
})
