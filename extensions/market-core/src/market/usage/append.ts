import { Type, type Static } from '@sinclair/typebox'
import { Calls, Leases, UsageRecords } from '@openclaw-market/protocol/entities/lease'
import { LedgerId } from '@openclaw-market/protocol/ids'
import { toUsage } from '@openclaw-market/protocol/money/price'
import { operation } from '@openclaw-market/protocol/operation'
import type { Principal } from '@openclaw-market/protocol/principal'
import { Amount, closed, Sha256Hex } from '@openclaw-market/protocol/schema/scalars'
import { mayServe } from '../calls/serve.ts'
import { loadMoney } from '../credit/load.ts'
import { found } from '../found.ts'
import { bill, type BillState } from './bill.ts'
import { UsageEntry } from './entry.ts'

/**
 * The only way usage enters the ledger: for that lease's provider, priced here, gapless in `seq`. It ends the open call
 * of this request id, corrects an unknown one, or records a call that was never opened here.
 */
export const appendUsage = operation({
  name: 'market.ledger.append',
  summary: 'Records what a leased call used; the market computes what it costs.',
  effect: 'money',
  scope: 'admin',
  params: closed({ entry: UsageEntry }),
  result: closed({ ledgerId: LedgerId, seq: Type.Integer(), cost: Amount, entryHash: Sha256Hex }),
  errors: [
    'E_NOT_FOUND',
    'E_FORBIDDEN',
    'E_CONFLICT',
    'E_QUOTA_EXCEEDED',
    'E_EXPIRED',
    'E_REVOKED',
    'E_INSUFFICIENT_FUNDS',
  ],
  callers: ['node', 'wallet', 'operator', 'market'],
  async load(tx, { entry: { leaseId, requestId } }, { who, rules, now }) {
    const lease = await tx.get(Leases, leaseId)
    const call = await tx.find(Calls, 'requestKey', `${leaseId}/${requestId}`)
    const at = call?.openedAt ?? now
    const served =
      lease !== undefined && (who.kind === 'market' || mayServe(lease, who, rules, at)) ? lease : undefined
    const mine = found(served, 'lease that you serve', leaseId)
    return {
      ...(await loadMoney(tx, mine)),
      call,
      record: call?.ledgerId === undefined ? undefined : await tx.get(UsageRecords, call.ledgerId),
    }
  },
  decide: (state, { entry }, context) => bill(state, atCheckpoint(state, entry, context.who), context),
})

/** The market gives a call up at its last checkpoint: as it stands in this write, not as a sweep has read it before. */
function atCheckpoint(
  { call }: BillState,
  entry: Static<typeof UsageEntry>,
  { kind }: Principal,
): Static<typeof UsageEntry> {
  if (kind !== 'market' || call?.status !== 'call_open') return entry
  return { ...entry, usage: toUsage(call.checkpoint) }
}
