import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addTotals, totalEntries, totalsBetween, units, unitsOf, type UnitTotals } from './units.ts'

const totals: fc.Arbitrary<UnitTotals> = fc.dictionary(fc.constantFrom(...units), fc.bigInt(0n, 10n ** 30n))

describe('units', () => {
  it('are the units of all kinds, each of one kind only', () => {
    expect(units.length).toBe(Object.values(unitsOf).flat().length)
    expect(new Set(units).size).toBe(units.length)
  })

  it('add up in any order, and what was added is the difference', () => {
    fc.assert(
      fc.property(totals, totals, (before, step) => {
        const after = addTotals(before, step)
        expect(after).toEqual(addTotals(step, before))
        const between = totalsBetween(before, after) ?? {}
        for (const unit of units) expect(between[unit] ?? 0n).toBe(step[unit] ?? 0n)
      }),
    )
  })

  it('have no difference when one of them has gone down', () => {
    expect(totalsBetween({ query: 2n }, { query: 1n, put: 9n })).toBeUndefined()
    expect(totalsBetween({ query: 2n }, {})).toBeUndefined()
    expect(totalsBetween({}, { query: 2n })).toEqual({ query: 2n })
  })

  it('leave their inputs as they were, and an absent unit is no entry', () => {
    const before = Object.freeze({ query: 1n })
    addTotals(before, Object.freeze({ query: 2n }))
    expect(before).toEqual({ query: 1n })
    expect(totalEntries({ put: 1n })).toEqual([['put', 1n]])
  })
})
