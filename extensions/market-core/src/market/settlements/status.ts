import { Settlements } from '@openclaw-market/protocol/entities/money'
import { SettlementId } from '@openclaw-market/protocol/ids'
import { query } from '@openclaw-market/protocol/operation'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { SettlementView, showSettlement } from '@openclaw-market/protocol/views/lease'
import { found } from '../found.ts'

export const settlementStatus = query({
  name: 'market.settlement.status',
  summary: 'One settlement: what is locked, released and refunded, and when it closes.',
  scope: 'read',
  params: closed({ settlementId: SettlementId }),
  result: closed({ settlement: SettlementView }),
  errors: ['E_NOT_FOUND'],
  callers: ['node', 'wallet', 'operator'],
  async answer(tx, { settlementId }) {
    return {
      settlement: showSettlement(found(await tx.get(Settlements, settlementId), 'settlement', settlementId)),
    }
  },
})
