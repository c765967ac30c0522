import { Type } from '@sinclair/typebox'
import { UsageRecords } from '@openclaw-market/protocol/entities/lease'
import { UsageItem, toTotals } from '@openclaw-market/protocol/money/price'
import { addTotals, totalEntries, type UnitTotals } from '@openclaw-market/protocol/money/units'
import { query } from '@openclaw-market/protocol/operation'
import { closed, CurrencySymbol, RunningTotal } from '@openclaw-market/protocol/schema/scalars'
import { every } from '../every.ts'
import { given } from '../page.ts'
import { between, usageFilter } from './list.ts'

export const summarizeUsage = query({
  name: 'market.ledger.summary',
  summary: 'Usage that one may see, summed: quantities by unit and the cost, per currency.',
  scope: 'read',
  params: closed(usageFilter),
  result: closed({
    currencies: Type.Array(
      closed({
        currency: CurrencySymbol,
        byUnit: Type.Array(closed({ ...UsageItem.properties, quantity: RunningTotal })),
        totalCost: RunningTotal,
        entries: Type.Integer(),
      }),
    ),
  }),
  errors: [],
  callers: ['node', 'wallet', 'operator'],
  async answer(tx, { since, until, ...where }) {
    const sums = new Map<string, { totals: UnitTotals; totalCost: bigint; entries: number }>()
    for await (const record of every(tx, UsageRecords, { where: given(where), ...between(since, until) })) {
      const sum = sums.get(record.currency) ?? { totals: {}, totalCost: 0n, entries: 0 }
      sums.set(record.currency, {
        totals: addTotals(sum.totals, toTotals(record.usage)),
        totalCost: sum.totalCost + record.cost,
        entries: sum.entries + 1,
      })
    }
    const currencies = [...sums].map(([currency, { totals, totalCost, entries }]) => ({
      currency,
      byUnit: totalEntries(totals).map(([unit, quantity]) => ({ unit, quantity })),
      totalCost,
      entries,
    }))
    return { currencies }
  },
})
