import { Type } from '@sinclair/typebox'
import { Settlements } from '@openclaw-market/protocol/entities/money'
import { LeaseId } from '@openclaw-market/protocol/ids'
import { query } from '@openclaw-market/protocol/operation'
import { nextCursor, paging } from '@openclaw-market/protocol/schema/paging'
import { closed, literals } from '@openclaw-market/protocol/schema/scalars'
import { settlementStates } from '@openclaw-market/protocol/states/tables'
import { SettlementView, showSettlement } from '@openclaw-market/protocol/views/lease'
import { given, next, page } from '../page.ts'

export const listSettlements = query({
  name: 'market.settlement.list',
  summary: 'Settlements of yours, as payer or payee, newest first.',
  scope: 'read',
  params: closed({
    leaseId: Type.Optional(LeaseId),
    status: Type.Optional(literals(settlementStates)),
    ...paging,
  }),
  result: closed({ settlements: Type.Array(SettlementView), nextCursor }),
  errors: [],
  callers: ['node', 'wallet', 'operator'],
  async answer(tx, { limit, cursor, ...where }) {
    const listed = await tx.list(Settlements, { where: given(where), ...page(limit ?? 50, cursor) })
    return { settlements: listed.items.map(showSettlement), ...next(listed) }
  },
})
