import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstFees, gasLimit, raisedFees } from './fees.ts'

const fee = fc.bigInt(0n, 10n ** 13n)
const gas = fc.bigInt(21_000n, 30_000_000n)
const ceiling = fc.bigInt(0n, 10n ** 20n)
const market = fc.record({ baseFee: fee, tip: fee })

describe('fees', () => {
  it('never come to more than the ceiling, however often they are raised', () => {
    fc.assert(
      fc.property(market, gas, ceiling, (now, limit, most) => {
        let fees = firstFees(now, limit, most)
        for (let raises = 0; fees !== undefined && raises < 50; raises++) {
          expect(limit * fees.maxFeePerGas).toBeLessThanOrEqual(most)
          expect(fees.maxPriorityFeePerGas).toBeLessThanOrEqual(fees.maxFeePerGas)
          fees = raisedFees(fees, now, limit, most)
        }
      }),
    )
  })

  it('rise by a tenth and more, both of them, or not at all: less is no replacement', () => {
    fc.assert(
      fc.property(market, market, gas, ceiling, (then, now, limit, most) => {
        const first = firstFees(then, limit, most)
        const raised = first && raisedFees(first, now, limit, most)
        if (first === undefined || raised === undefined) return
        expect(raised.maxFeePerGas * 10n).toBeGreaterThanOrEqual(first.maxFeePerGas * 11n)
        expect(raised.maxPriorityFeePerGas * 10n).toBeGreaterThanOrEqual(first.maxPriorityFeePerGas * 11n)
      }),
    )
  })

  it('are offered when the ceiling reaches above the base fee, and not below', () => {
    const market = { baseFee: 10n, tip: 2n }
    expect(firstFees(market, 100n, 1_000n)).toBe(undefined)
    expect(firstFees(market, 100n, 1_100n)).toEqual({ maxFeePerGas: 11n, maxPriorityFeePerGas: 2n })
    expect(firstFees(market, 100n, 10_000n)).toEqual({ maxFeePerGas: 22n, maxPriorityFeePerGas: 2n })
    expect(gasLimit(40_000n)).toBe(50_000n)
  })
})
