import { expect, it } from 'vitest'
import { book, Books, keyOf, shelf, type Book } from '../conformance/shelf.ts'
import { layoutsOf, rowOf } from '../layout.ts'
import { emptyState, putRow, removeRow, type Index, type State } from './state.ts'

const layouts = layoutsOf(shelf)
const layout = layouts.get(Books.name)!

/** Everything in an index, as plain data. */
const plain = (index: Index): unknown =>
  [...index.rising()].map(([value, keys]) => [
    value,
    typeof keys === 'string' ? [keys] : [...keys.rising()].map(([key]) => key),
  ])

const plainState = ({ tables, bytes }: State): unknown => [
  bytes,
  tables.map((table) => [[...table.records.rising()], table.columns.map(plain), table.tags.map(plain)]),
]

it('keeps after any changes what it would keep had it been built at once', () => {
  const place = [...layouts.keys()].indexOf(Books.name)
  const books = new Map<string, Book>()
  let state = emptyState(layouts.values())
  for (let n = 0; n < 3_000; n++) {
    const id = keyOf((n * 7919) % 211)
    const made = book(id, {
      tags: ['a', 'b', 'c', 'd'].filter((_, at) => ((n >> 2) & (1 << at)) !== 0),
      ...(n % 4 === 0 ? {} : { shelf: `s${n % 7}` }),
      ...(n % 5 === 0 ? {} : { pages: n % 11 }),
      note: 'é'.repeat(n % 13),
    })
    if (n % 9 === 0) books.delete(id)
    else books.set(id, made)
    state = n % 9 === 0 ? removeRow(state, place, id) : putRow(state, place, rowOf(layout, Books, made, 0))
  }
  const atOnce = [...books.values()].reduce(
    (built, each) => putRow(built, place, rowOf(layout, Books, each, 0)),
    emptyState(layouts.values()),
  )
  expect(plainState(state)).toEqual(plainState(atOnce))
  const emptied = [...books.keys()].reduce((left, id) => removeRow(left, place, id), state)
  expect(plainState(emptied)).toEqual(plainState(emptyState(layouts.values())))
})
