import { Leases } from '@openclaw-market/protocol/entities/lease'
import { Settlements } from '@openclaw-market/protocol/entities/money'
import { MarketError } from '@openclaw-market/protocol/errors'
import { SettlementId } from '@openclaw-market/protocol/ids'
import { operation } from '@openclaw-market/protocol/operation'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { SettlementView, showSettlement } from '@openclaw-market/protocol/views/lease'
import { settleLease } from '../../settlement/end-lease.ts'
import { loadMoney } from '../credit/load.ts'
import { found } from '../found.ts'
import { closingChanges } from '../leases/end.ts'

/** The dispute window is over: what was metered is released. */
export const closeSettlement = operation({
  name: 'market.settlement.close',
  summary: 'Releases what was metered when the dispute window is over.',
  effect: 'money',
  scope: 'admin',
  params: closed({ settlementId: SettlementId }),
  result: closed({ settlement: SettlementView }),
  errors: ['E_NOT_FOUND', 'E_CONFLICT'],
  callers: ['market'],
  async load(tx, { settlementId }) {
    const settlement = found(await tx.get(Settlements, settlementId), 'settlement', settlementId)
    return loadMoney(tx, found(await tx.get(Leases, settlement.leaseId), 'lease', settlement.leaseId))
  },
  decide(state, { settlementId }, { now, rules }) {
    const { settlement, lease } = state
    if (
      settlement.closesAt === undefined ||
      now < settlement.closesAt ||
      settlement.status !== 'settlement_locked'
    ) {
      throw new MarketError('E_CONFLICT', 'the window of this settlement is not over', {
        details: { status: settlement.status },
      })
    }
    const closing = settleLease(state, rules.disputeWindowMs, now)
    return {
      result: { settlement: showSettlement(closing.settlement) },
      subjects: [settlementId, lease.leaseId],
      ...closingChanges(state, closing),
    }
  },
})
