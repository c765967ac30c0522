import type { Lease } from '@openclaw-market/protocol/entities/lease'
import { totalEntries, type UnitTotals } from '@openclaw-market/protocol/money/units'

/** What the call cost, for a caller that keeps its own count: base units, and quantities as decimal strings. */
export function billingHeaders(
  { currency }: Lease,
  { cost, seq }: { readonly cost: bigint; readonly seq: number },
  usage: UnitTotals,
): Record<string, string> {
  const items = totalEntries(usage).map(([unit, quantity]) => ({ unit, quantity: quantity.toString() }))
  return {
    'x-openclaw-cost': cost.toString(),
    'x-openclaw-currency': currency,
    'x-openclaw-seq': String(seq),
    'x-openclaw-usage': JSON.stringify(items),
  }
}
