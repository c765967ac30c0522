import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { figureOf, parseFigure, shareableKinds } from './price-figure.ts'

const usdc = { symbol: 'USDC', decimals: 6 }

describe('a price as a person writes it', () => {
  it('is exact in base units', () => {
    expect(parseFigure('model', '0.05/1.5', usdc)).toEqual([
      { unit: 'input_token', amount: 50_000n, per: 1_000_000n, currency: 'USDC' },
      { unit: 'output_token', amount: 1_500_000n, per: 1_000_000n, currency: 'USDC' },
    ])
    expect(parseFigure('search', '0.002', usdc)).toEqual([
      { unit: 'query', amount: 2_000n, per: 1n, currency: 'USDC' },
    ])
    // Less than a base unit: for so many more.
    expect(parseFigure('storage', '0.0000005', usdc)).toEqual([
      { unit: 'gb_day', amount: 5n, per: 10n, currency: 'USDC' },
    ])
    expect(parseFigure('search', '3', { symbol: 'PTS', decimals: 0 })).toMatchObject([
      { amount: 3n, per: 1n },
    ])
  })

  it.each([
    ['model', '0.1'],
    ['model', '0.1/0.2/0.3'],
    ['search', '0.1/0.2'],
    ['search', ''],
    ['search', '-1'],
    ['search', '1e3'],
    ['search', '.5'],
    ['search', '0.1234567890'],
    ['storage', 'free'],
  ] as const)('of a %s is not %s', (kind, text) => {
    expect(parseFigure(kind, text, usdc)).toBeUndefined()
  })

  it('is read again as it is written, in any currency', () => {
    const figure = fc
      .tuple(fc.nat({ max: 999_999 }), fc.nat({ max: 999_999_999 }))
      .map(([whole, part]) => `${whole}.${String(part).padStart(9, '0')}`.replace(/\.?0+$/, ''))
    fc.assert(
      fc.property(
        fc.constantFrom(...shareableKinds),
        figure,
        figure,
        fc.nat({ max: 18 }),
        (kind, one, other, decimals) => {
          const text = kind === 'model' ? `${one}/${other}` : one
          const currency = { symbol: 'ABC', decimals }
          const prices = parseFigure(kind, text, currency)
          expect(prices).toBeDefined()
          expect(figureOf(kind, prices ?? [], currency)).toBe(text)
        },
      ),
    )
  })

  it('is said in full when it is of another form', () => {
    const prices = [{ unit: 'put', amount: 10n, per: 3n, currency: 'USDC' }] as const
    expect(figureOf('storage', prices, usdc)).toBe('0.00001 per 3 put')
  })
})
