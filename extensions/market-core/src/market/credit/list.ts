import { Type } from '@sinclair/typebox'
import { CreditLines } from '@openclaw-market/protocol/entities/money'
import { query } from '@openclaw-market/protocol/operation'
import { nextCursor, paging } from '@openclaw-market/protocol/schema/paging'
import { ActorId, closed, literals } from '@openclaw-market/protocol/schema/scalars'
import { creditStates } from '@openclaw-market/protocol/states/tables'
import { given, next, page } from '../page.ts'
import { CreditLineView, showCreditLine } from './view.ts'

export const listCredit = query({
  name: 'market.credit.list',
  summary: 'Credit lines that you have opened or may draw on, newest first, with what is drawn and left.',
  scope: 'read',
  params: closed({
    providerActorId: Type.Optional(ActorId),
    consumerActorId: Type.Optional(ActorId),
    status: Type.Optional(literals(creditStates)),
    ...paging,
  }),
  result: closed({ lines: Type.Array(CreditLineView), nextCursor }),
  errors: [],
  callers: ['node', 'wallet', 'operator'],
  async answer(tx, { limit, cursor, ...where }) {
    const listed = await tx.list(CreditLines, { where: given(where), ...page(limit ?? 50, cursor) })
    const lines = []
    for (const line of listed.items) lines.push(await showCreditLine(tx, line))
    return { lines, ...next(listed) }
  },
})
