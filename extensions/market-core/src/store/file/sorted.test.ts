import { array, assert, boolean, integer, option, property, record } from 'fast-check'
import { expect, it } from 'vitest'
import { Sorted } from './sorted.ts'

const steps = array(record({ take: boolean(), key: integer({ min: -300, max: 300 }) }), {
  maxLength: 1500,
  size: 'max',
})
const bound = option(integer({ min: -310, max: 310 }), { nil: undefined })

it('is a map that a sorted array would be, from either end and from any key', () => {
  assert(
    property(steps, bound, (history, from) => {
      const model = new Map<number, number>()
      let map = Sorted.empty<number, number>()
      for (const [at, { take, key }] of history.entries()) {
        if (take) model.delete(key)
        else model.set(key, at)
        map = take ? map.without(key) : map.with(key, at)
      }
      const entries = [...model].sort(([a], [b]) => a - b)
      expect(map.size).toBe(model.size)
      expect([...map.rising(from)]).toEqual(entries.filter(([key]) => from === undefined || key > from))
      expect([...map.falling(from)]).toEqual(
        entries.filter(([key]) => from === undefined || key < from).reverse(),
      )
      for (let key = -301; key <= 301; key += 7) expect(map.get(key)).toBe(model.get(key))
    }),
    { numRuns: 60 },
  )
})

it('never changes a map that was given out', () => {
  let map = Sorted.empty<string, number>()
  const given: { map: Sorted<string, number>; entries: string }[] = []
  const textOf = (of: Sorted<string, number>): string => JSON.stringify([...of.rising()])
  for (let n = 0; n < 400; n++) {
    const key = `k${(n * 7919) % 200}`
    map = n % 3 === 2 ? map.without(key) : map.with(key, n)
    if (n % 20 === 0) given.push({ map, entries: textOf(map) })
  }
  expect(given.map((each) => textOf(each.map))).toEqual(given.map((each) => each.entries))
})

it('fills its nodes when keys come in order, so that it is as shallow as it looks', () => {
  let map = Sorted.empty<number, true>()
  for (let n = 0; n < 20_000; n++) map = map.with(n, true)
  expect(map.size).toBe(20_000)
  expect([...map.falling(10)].map(([key]) => key)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
})
