import { describe, expect, it } from 'vitest'
import { mostAmount } from '@openclaw-market/protocol/schema/scalars'
import { amount, columns, figures, screen, seenFrom, wrapped } from './look.ts'

describe('amounts', () => {
  it.each([
    [1_500_000n, 6, '1.50'],
    [1n, 6, '0.000001'],
    [0n, 6, '0.00'],
    [-1_250_000n, 6, '-1.25'],
    [1_234_567n, 6, '1.234567'],
    [7n, 0, '7'],
    [15n, 1, '1.5'],
    [10n ** 18n, 18, '1.00'],
  ])('%s units of %s decimals are %s', (units, decimals, text) => {
    expect(amount(units, decimals)).toBe(text)
  })

  it('stand point under point, with the digits that the longest needs', () => {
    expect(
      figures(6, [
        ['available', 12_500_000n],
        ['held', 1_250n],
        ['net', -3_000_000n],
      ]),
    ).toEqual([
      ['available', '12.50000'],
      ['held', ' 0.00125'],
      ['net', '-3.00000'],
    ])
  })
})

describe('a screen', () => {
  it('aligns values, and puts one that does not fit below its label', () => {
    const text = screen({
      title: 'USDC',
      rows: [
        ['state', 'settling'],
        ['lease', 'lease_01K9ZJ3V4T0000000000000000'],
      ],
      wayOn: '/market help',
    })
    expect(text.split('\n')).toEqual([
      'USDC',
      '```',
      'state  settling',
      'lease  lease_01K9ZJ3V4T0000000000000000',
      '```',
      '/market help',
    ])
  })

  it('is never wider than a phone, whatever it shows', () => {
    const most = amount(mostAmount, 18)
    const text = screen({
      title: 'a title that goes on for longer than any title of ours ever should',
      rows: [
        ['a label that is longer than it should be', most],
        ['x', 'é'.repeat(95)],
      ],
      wayOn: 'a way on that is a long sentence, and has a-word-that-fits-on-no-line-of-any-phone-at-all',
    })
    const lines = text.split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBe(columns)
    expect(lines).toContain(most)
    expect(text.match(/é/g)).toHaveLength(95)
  })

  it('keeps the words of what it breaks', () => {
    const text = 'one two three four five six seven eight nine ten eleven'
    expect(wrapped(text).join(' ')).toBe(text)
  })
})

describe('times', () => {
  it.each([
    [0, 'now'],
    [999, 'now'],
    [-999, 'now'],
    [59_999, 'in 59 s'],
    [-600_000, '10 min ago'],
    [3_600_000, 'in 1 h'],
    [-90_000_000, '1 d ago'],
  ])('%s ms from now is %s', (away, text) => {
    expect(seenFrom(1_000_000_000, 1_000_000_000 + away)).toBe(text)
  })
})
