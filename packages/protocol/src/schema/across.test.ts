import { Type } from '@sinclair/typebox'
import { expect, it } from 'vitest'
import { codec } from './codec.ts'
import { closed } from './scalars.ts'

const item = closed({ unit: Type.String(), currency: Type.String() })
const rules = { 'x-uniqueBy': 'unit', 'x-sameBy': 'currency' }
const { problem } = codec(closed({ a: closed({ list: Type.Optional(Type.Array(item, rules)) }) }))

it.each([
  ['no list', undefined, undefined],
  [
    'two that differ',
    [
      ['x', 'A'],
      ['y', 'A'],
    ],
    undefined,
  ],
  [
    'one twice',
    [
      ['x', 'A'],
      ['y', 'A'],
      ['x', 'A'],
    ],
    { pointer: '/a/list/2/unit', rule: 'uniqueItems' },
  ],
  [
    'another currency',
    [
      ['x', 'A'],
      ['y', 'B'],
    ],
    { pointer: '/a/list/1/currency', rule: 'sameItems' },
  ],
] as const)('across the items of a list: %s', (_what, items, expected) => {
  const list = items?.map(([unit, currency]) => ({ unit, currency }))
  const found = problem({ a: list === undefined ? {} : { list } })
  if (expected === undefined) expect(found).toBeUndefined()
  else expect(found).toMatchObject(expected)
})

it('holds in lists within lists', () => {
  const nested = codec(closed({ all: Type.Array(closed({ list: Type.Array(item, rules) })) }))
  const one = { unit: 'x', currency: 'A' }
  expect(nested.problem({ all: [{ list: [one] }, { list: [one] }] })).toBeUndefined()
  expect(nested.problem({ all: [{ list: [one] }, { list: [one, one] }] })).toMatchObject({
    pointer: '/all/1/list/1/unit',
    rule: 'uniqueItems',
  })
})
