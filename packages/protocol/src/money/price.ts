/**
 * Exact prices. A price has up to eight components; each charges `amount` base units for every `per` units used, and
 * rounds half up on the running total. What a step costs is the difference of two rounded totals, so that splitting a
 * call into many never costs more than one.
 */
import { Type, type Static } from '@sinclair/typebox'
import { Amount, closed, CurrencySymbol, literals, Quantity } from '../schema/scalars.ts'
import { totalEntries, units, type Unit, type UnitTotals } from './units.ts'

export const PriceComponent = closed({
  unit: literals(units, 'what is counted'),
  amount: Amount,
  per: Type.Unsafe<bigint>(
    Type.String({
      format: 'base-units',
      pattern: '^[1-9][0-9]{0,17}$',
      description: 'units that the amount buys, at least 1',
    }),
  ),
  currency: CurrencySymbol,
})
export type PriceComponent = Static<typeof PriceComponent>

export const Prices = Type.Array(PriceComponent, { minItems: 1, maxItems: 8 })
export type Prices = readonly PriceComponent[]

export const UsageItem = closed({ unit: literals(units), quantity: Quantity })
export const Usage = Type.Array(UsageItem, {
  minItems: 1,
  maxItems: 8,
  description: 'each unit at most once',
})

/** Of a call that may have used nothing. */
export const UsageOrNone = Type.Array(UsageItem, { maxItems: 8, description: 'each unit at most once' })

/** round(numerator / denominator), halves up; both not negative, denominator not zero. */
export function roundHalfUp(numerator: bigint, denominator: bigint): bigint {
  return (2n * numerator + denominator) / (2n * denominator)
}

/** What these running totals cost, each component rounded by itself. A unit without a price costs nothing. */
export function costOfTotals(prices: Prices, totals: UnitTotals): bigint {
  let cost = 0n
  for (const { unit, amount, per } of prices) cost += roundHalfUp(amount * (totals[unit] ?? 0n), per)
  return cost
}

/** What `used` more costs on top of `before`: cost(before + used) − cost(before). */
export function costOfStep(prices: Prices, before: UnitTotals, used: UnitTotals): bigint {
  let cost = 0n
  for (const { unit, amount, per } of prices) {
    const from = before[unit] ?? 0n
    const step = used[unit] ?? 0n
    if (step !== 0n) cost += roundHalfUp(amount * (from + step), per) - roundHalfUp(amount * from, per)
  }
  return cost
}

/**
 * The most that `used` can cost whatever was used before: a step of a rounded total is at most one unit above the step
 * of the exact one, so each component rounds up.
 */
export function costCeiling(prices: Prices, used: UnitTotals): bigint {
  let cost = 0n
  for (const { unit, amount, per } of prices) {
    const exact = amount * (used[unit] ?? 0n)
    cost += (exact + per - 1n) / per
  }
  return cost
}

/** The least that `used` can cost whatever was used before: a step of a rounded total lacks less than a unit of the exact one. */
export function costFloor(prices: Prices, used: UnitTotals): bigint {
  return prices.reduce((cost, { unit, amount, per }) => cost + (amount * (used[unit] ?? 0n)) / per, 0n)
}

/** The largest quantity of `unit` whose cost, on top of `before`, stays within `budget`. Undefined: no price, no limit. */
export function affordable(
  prices: Prices,
  before: UnitTotals,
  unit: Unit,
  budget: bigint,
): bigint | undefined {
  const component = prices.find((p) => p.unit === unit)
  if (component === undefined || component.amount === 0n) return undefined
  const { amount, per } = component
  const from = before[unit] ?? 0n
  // round(amount·t/per) ≤ limit  ⇔  2·amount·t + per < 2·per·(limit + 1)
  const limit = roundHalfUp(amount * from, per) + budget
  const most = (2n * per * (limit + 1n) - per - 1n) / (2n * amount)
  return most > from ? most - from : 0n
}

export function currencyOf(prices: Prices): string {
  const [first] = prices
  if (first === undefined) throw new TypeError('a price has at least one component')
  return first.currency
}

export function toTotals(usage: readonly Static<typeof UsageItem>[]): UnitTotals {
  const totals: Partial<Record<Unit, bigint>> = {}
  for (const { unit, quantity } of usage) totals[unit] = (totals[unit] ?? 0n) + quantity
  return totals
}

export function toUsage(totals: UnitTotals): Static<typeof Usage> {
  return totalEntries(totals).map(([unit, quantity]) => ({ unit, quantity }))
}
