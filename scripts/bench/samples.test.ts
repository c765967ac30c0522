import { describe, expect, it } from 'vitest'
import { problemOf, streamedEvents, wholeAnswer } from './answers.ts'
import { Samples, seededRandom, shuffled } from './samples.ts'

const samplesOf = (values: readonly number[]): Samples => {
  const samples = new Samples()
  for (const value of values) samples.add(value)
  return samples
}

describe('percentiles', () => {
  it('are samples, by nearest rank, whatever the order', () => {
    const samples = samplesOf(
      shuffled(
        Array.from({ length: 1_000 }, (_, i) => i + 1),
        seededRandom(1),
      ),
    )
    expect([1, 50, 99, 99.9, 100].map((p) => samples.percentile(p))).toEqual([10, 500, 990, 999, 1_000])
  })

  it('of one sample are that sample, and of none are an error', () => {
    expect(samplesOf([7]).percentile(99)).toBe(7)
    expect(() => samplesOf([]).percentile(50)).toThrow('no samples')
  })
})

it('shuffles the same way for the same seed, and loses nothing', () => {
  const items = [1, 2, 3, 4, 5]
  expect(shuffled(items, seededRandom(3))).toEqual(shuffled(items, seededRandom(3)))
  expect(shuffled(items, seededRandom(3)).toSorted((a, b) => a - b)).toEqual(items)
})

describe('an answer of the upstream', () => {
  const stream = streamedEvents.join('')

  it('is accepted whole', () => {
    expect([problemOf(wholeAnswer, false), problemOf(stream, true)]).toEqual([undefined, undefined])
  })

  it.each([
    ['a token too few', streamedEvents.toSpliced(3, 1).join('')],
    ['a token twice', streamedEvents.toSpliced(3, 0, streamedEvents[3] ?? '').join('')],
    ['no end', streamedEvents.slice(0, -1).join('')],
  ])('is refused with %s', (_, body) => {
    expect(problemOf(body, true)).toBeTypeOf('string')
  })
})
