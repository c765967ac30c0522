import { Type } from '@sinclair/typebox'
import { Transfers, TransferSchema } from '@openclaw-market/protocol/entities/money'
import { query } from '@openclaw-market/protocol/operation'
import { closed, CurrencySymbol } from '@openclaw-market/protocol/schema/scalars'
import { ledgerPaging, nextCursor } from '@openclaw-market/protocol/schema/paging'
import { show, shown } from '@openclaw-market/protocol/views/hide'
import { given, next, page } from '../page.ts'

const hidden = ['rev'] as const

export const listTransfers = query({
  name: 'market.account.transfers',
  summary: 'Every movement of money that one may see, newest first: the lines behind a balance.',
  scope: 'read',
  params: closed({
    reference: Type.Optional(
      Type.String({ minLength: 1, maxLength: 64, description: 'a deposit, settlement or payout id' }),
    ),
    currency: Type.Optional(CurrencySymbol),
    ...ledgerPaging,
  }),
  result: closed({ transfers: Type.Array(shown(TransferSchema, hidden)), nextCursor }),
  errors: [],
  callers: ['node', 'wallet', 'operator'],
  async answer(tx, { reference, currency, limit, cursor }) {
    const listed = await tx.list(Transfers, {
      where: given({ reference }),
      ...(currency === undefined ? {} : { filter: (transfer) => transfer.currency === currency }),
      ...page(limit ?? 200, cursor),
    })
    return {
      transfers: listed.items.map((transfer) => show(transfer, TransferSchema, hidden)),
      ...next(listed),
    }
  },
})
