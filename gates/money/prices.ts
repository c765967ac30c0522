/** Prices against arithmetic with exact fractions, written in another way than the market's. */
import fc from 'fast-check'
import { expect } from 'vitest'
import {
  affordable,
  costCeiling,
  costOfStep,
  costOfTotals,
  roundHalfUp,
  type Prices,
} from '@openclaw-market/protocol/money/price'
import { addTotals, units, type Unit, type UnitTotals } from '@openclaw-market/protocol/money/units'
import { mostAmount } from '@openclaw-market/protocol/schema/scalars'
import { search, upTo } from './search.ts'

/** Half goes up: the whole part, and one more when what is left is at least half of it. */
function nearest(numerator: bigint, denominator: bigint): bigint {
  const whole = numerator / denominator
  const left = numerator % denominator
  return left + left >= denominator ? whole + 1n : whole
}

function exactCost(prices: Prices, totals: UnitTotals): bigint {
  return prices
    .map(({ unit, amount, per }) => nearest(amount * (totals[unit] ?? 0n), per))
    .reduce((sum, cost) => sum + cost, 0n)
}

const mostOfOneRecord = 10n ** 18n - 1n
const quantity = upTo(mostOfOneRecord)
const per = upTo(mostOfOneRecord, 1n)
const amount = fc.oneof(upTo(mostOfOneRecord), upTo(mostAmount))
const unit = fc.constantFrom(...units)

const prices: fc.Arbitrary<Prices> = fc
  .uniqueArray(unit, { minLength: 1, maxLength: 8 })
  .chain((names) =>
    fc.tuple(
      ...names.map((name) =>
        fc.record({ unit: fc.constant(name), amount, per, currency: fc.constant('USDC') }),
      ),
    ),
  )

const usage: fc.Arbitrary<UnitTotals> = fc
  .array(fc.tuple(unit, quantity), { maxLength: 5 })
  .map((entries) => Object.fromEntries(entries))

/** @returns how many sums were compared */
export async function searchPrices(runs: number): Promise<number> {
  let sums = 0
  await search(
    fc.property(upTo(10n ** 78n), upTo(mostAmount, 1n), (numerator, denominator) => {
      sums++
      expect(roundHalfUp(numerator, denominator)).toBe(nearest(numerator, denominator))
    }),
    runs,
  )
  await search(
    fc.property(prices, usage, fc.array(usage, { maxLength: 12 }), (at, before, parts) => {
      let totals = before
      let cost = 0n
      for (const part of parts) {
        const step = costOfStep(at, totals, part)
        // Whatever was used before: a step takes nothing back, and its ceiling bounds it.
        expect(step >= 0n && step <= costCeiling(at, part)).toBe(true)
        cost += step
        totals = addTotals(totals, part)
      }
      const whole = parts.reduce<UnitTotals>((all, part) => addTotals(all, part), {})
      expect(costOfTotals(at, totals)).toBe(exactCost(at, totals))
      expect(cost).toBe(exactCost(at, totals) - exactCost(at, before))
      expect(cost).toBe(costOfStep(at, before, whole))
      sums += parts.length + 3
    }),
    runs,
  )
  await search(
    fc.property(prices, usage, amount, (at, before, budget) => {
      const name: Unit = at[0]?.unit ?? 'query'
      const cost = (more: bigint): bigint =>
        exactCost(at, addTotals(before, { [name]: more })) - exactCost(at, before)
      const most = affordable(at, before, name, budget)
      sums++
      if (most === undefined) {
        expect(at[0]?.amount).toBe(0n)
        return
      }
      expect(cost(most) <= budget).toBe(true)
      expect(cost(most + 1n) > budget).toBe(true)
    }),
    runs,
  )
  return sums + everySmallPrice()
}

/** All of them, up to a bound: where halves are, and where a step is rounded up or down by what came before. */
function everySmallPrice(): number {
  const bound = 9n
  let sums = 0
  const below = (n: bigint): bigint[] => Array.from({ length: Number(n) }, (_, i) => BigInt(i))
  for (const price of below(bound)) {
    for (const each of below(bound)) {
      const at = [{ unit: 'query', amount: price, per: each + 1n, currency: 'USDC' }] as const
      for (const before of below(bound)) {
        for (const used of below(bound)) {
          const cost = costOfStep(at, { query: before }, { query: used })
          expect(cost).toBe(exactCost(at, { query: before + used }) - exactCost(at, { query: before }))
          expect(cost <= costCeiling(at, { query: used })).toBe(true)
          sums++
        }
      }
    }
  }
  return sums
}
