import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codec } from '../schema/codec.ts'
import {
  affordable,
  costCeiling,
  costFloor,
  costOfStep,
  costOfTotals,
  currencyOf,
  Prices,
  roundHalfUp,
  toTotals,
  toUsage,
} from './price.ts'
import { units, type UnitTotals } from './units.ts'

const quantity = fc.oneof(fc.bigInt(0n, 50n), fc.bigInt(0n, 10n ** 12n), fc.bigInt(0n, 10n ** 18n - 1n))
const unit = fc.constantFrom(...units)
const totals: fc.Arbitrary<UnitTotals> = fc
  .uniqueArray(unit)
  .chain((names) =>
    fc
      .tuple(...names.map((name) => fc.tuple(fc.constant(name), quantity)))
      .map((entries) => Object.fromEntries(entries)),
  )

/** What holds of all prices is searched by the money gate. */
describe('roundHalfUp', () => {
  it.each([
    [0n, 1n, 0n],
    [1n, 2n, 1n],
    [1n, 3n, 0n],
    [2n, 3n, 1n],
    [3n, 2n, 2n],
    [5n, 10n, 1n],
    [49n, 100n, 0n],
    [10n ** 39n + 1n, 2n, (10n ** 39n + 2n) / 2n],
  ])('%s / %s is %s', (numerator, denominator, rounded) => {
    expect(roundHalfUp(numerator, denominator)).toBe(rounded)
  })
})

describe('the cost of usage', () => {
  it('is 1.50 USDC for a million tokens at 1.50 per million, and rounds half up below', () => {
    const perMillion = [
      { unit: 'input_token', amount: 1_500_000n, per: 1_000_000n, currency: 'USDC' },
    ] as const
    expect(costOfTotals(perMillion, { input_token: 1_000_000n })).toBe(1_500_000n)
    expect(costOfTotals(perMillion, { input_token: 1n })).toBe(2n)
    expect(costOfTotals(perMillion, { input_token: 3n })).toBe(5n)
    expect(costOfTotals(perMillion, { output_token: 3n })).toBe(0n)
  })

  it('has a floor and a ceiling that some running total reaches, and none passes', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 60n), fc.bigInt(1n, 60n), fc.bigInt(1n, 60n), (amount, per, used) => {
        const at = [{ unit: 'query', amount, per, currency: 'USDC' }] as const
        const reached = Array.from({ length: Number(per) }, (_, from) =>
          costOfStep(at, { query: BigInt(from) }, { query: used }),
        )
        const [least, most] = [costFloor(at, { query: used }), costCeiling(at, { query: used })]
        expect(reached).toEqual(expect.arrayContaining([least, most]))
        expect(reached.every((cost) => least <= cost && cost <= most)).toBe(true)
      }),
    )
  })
})

describe('affordable', () => {
  it('knows no limit for a unit without a price', () => {
    const free = [{ unit: 'put', amount: 0n, per: 1n, currency: 'USDC' }] as const
    expect(affordable(free, {}, 'put', 0n)).toBeUndefined()
    expect(affordable(free, {}, 'get', 0n)).toBeUndefined()
  })
})

describe('prices as written', () => {
  const price = { unit: 'query', amount: '1', per: '1', currency: 'USDC' }
  it.each([
    ['no component', [], '', 'minItems'],
    ['nine components', Array.from({ length: 9 }, () => price), '', 'maxItems'],
    ['per 0', [{ ...price, per: '0' }], '/0/per', 'pattern'],
    ['per of 19 digits', [{ ...price, per: '1000000000000000000' }], '/0/per', 'pattern'],
    ['an amount below zero', [{ ...price, amount: '-1' }], '/0/amount', 'format'],
    ['a fraction', [{ ...price, amount: '1.5' }], '/0/amount', 'format'],
    ['an amount that is a number', [{ ...price, amount: 1 }], '/0/amount', 'type'],
    ['a leading zero', [{ ...price, amount: '01' }], '/0/amount', 'format'],
    ['an unknown unit', [{ ...price, unit: 'byte_hour' }], '/0/unit', 'enum'],
    ['a currency in lower case', [{ ...price, currency: 'usdc' }], '/0/currency', 'pattern'],
  ])('refuse %s', (_what, json, pointer, rule) => {
    expect(codec(Prices).problem(json)).toMatchObject({ pointer, rule })
  })

  it('have one currency, that of the first', () => {
    expect(currencyOf(codec(Prices).decode([price]))).toBe('USDC')
    expect(() => currencyOf([])).toThrow(TypeError)
  })
})

it('usage and totals say the same', () => {
  fc.assert(
    fc.property(totals, (some) => {
      expect(toTotals(toUsage(some))).toEqual(some)
    }),
  )
})
