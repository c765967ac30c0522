/** Prices once more, by long division, so that a slip in the market's own arithmetic is not believed here. */
import type { Prices } from '@openclaw-market/protocol/money/price'
import type { Unit, UnitTotals } from '@openclaw-market/protocol/money/units'

export const sum = <T>(items: Iterable<T>, of: (item: T) => bigint): bigint => {
  let total = 0n
  for (const item of items) total += of(item)
  return total
}

/** To the nearest, halves up. */
function nearest(numerator: bigint, denominator: bigint): bigint {
  const whole = numerator / denominator
  return (numerator - whole * denominator) * 2n < denominator ? whole : whole + 1n
}

/** What these running totals cost. */
export function costOf(prices: Prices, totals: UnitTotals): bigint {
  return sum(prices, ({ unit, amount, per }) => nearest(amount * (totals[unit] ?? 0n), per))
}

/** The least that is sure to be enough for `used`, whatever was used before. */
export function ceilingOf(prices: Prices, used: UnitTotals): bigint {
  return sum(prices, ({ unit, amount, per }) => {
    const exact = amount * (used[unit] ?? 0n)
    return exact % per === 0n ? exact / per : exact / per + 1n
  })
}

export const unitsIn = (totals: UnitTotals): readonly Unit[] => Object.keys(totals) as Unit[]

export function plus(a: UnitTotals, b: UnitTotals): UnitTotals {
  const total: Partial<Record<Unit, bigint>> = { ...a }
  for (const unit of unitsIn(b)) total[unit] = (a[unit] ?? 0n) + (b[unit] ?? 0n)
  return total
}

/** `after` − `before`; undefined when any unit has become less. */
export function minus(after: UnitTotals, before: UnitTotals): UnitTotals | undefined {
  const rest: Partial<Record<Unit, bigint>> = {}
  for (const unit of [...unitsIn(after), ...unitsIn(before)]) {
    const left = (after[unit] ?? 0n) - (before[unit] ?? 0n)
    if (left < 0n) return undefined
    rest[unit] = left
  }
  return rest
}

export const nothing = (totals: UnitTotals): boolean =>
  Object.values(totals).every((quantity) => quantity === 0n)

export const same = (a: UnitTotals, b: UnitTotals): boolean => {
  const between = minus(a, b)
  return between !== undefined && nothing(between)
}
