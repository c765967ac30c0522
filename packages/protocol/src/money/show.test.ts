import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decimalText, readAmount, showAmount } from './show.ts'

it.each([
  [1_500_000n, 6, '1.5'],
  [1_000_000n, 6, '1'],
  [1n, 6, '0.000001'],
  [0n, 6, '0'],
  [7n, 0, '7'],
  [70n, 0, '70'],
] as const)('%s with %s decimals reads %s', (amount, decimals, text) => {
  expect(decimalText(amount, decimals)).toBe(text)
  expect(showAmount(amount, 'USDC', decimals)).toBe(`${text} USDC`)
})

it('what is shown is read again to the unit, in any currency', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 38n }), fc.nat({ max: 30 }), (amount, decimals) => {
      expect(readAmount(decimalText(amount, decimals), decimals)).toBe(amount)
    }),
  )
})

it.each(['', '-1', '+1', '1.', '.5', '1e3', '1,5', ' 1', '0x1', '1.0000001', '9'.repeat(40)])(
  'reads no amount of six decimals in "%s"',
  (text) => {
    expect(readAmount(text, 6)).toBeUndefined()
  },
)
