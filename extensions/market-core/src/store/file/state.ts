/** All records in memory, with their indexes. A state never changes; each change gives another one. */
import type { ColumnValue, Layout, Row } from '../layout.ts'
import { Sorted } from './sorted.ts'

/** The keys under one value of an index: most values of most fields have one, which then stands for itself. */
export type Keys = string | Sorted<string, true>
export type Index = Sorted<string | number, Keys>

export interface Table {
  readonly layout: Layout
  readonly records: Sorted<string, Row>
  /** Beside the columns and the tags of the layout. */
  readonly columns: readonly Index[]
  readonly tags: readonly Index[]
}

export interface State {
  readonly tables: readonly Table[]
  /** Of all bodies, in UTF-8. */
  readonly bytes: number
}

export function emptyState(layouts: Iterable<Layout>): State {
  const none: Index = Sorted.empty()
  const tables = [...layouts].map((layout): Table => ({
    layout,
    records: Sorted.empty(),
    columns: layout.columns.map(() => none),
    tags: layout.tags.map(() => none),
  }))
  return { tables, bytes: 0 }
}

/** The state with this row in place of the one of the same key. */
export function putRow(state: State, at: number, row: Row): State {
  const table = state.tables[at]!
  const before = table.records.get(row.key)
  const columns = table.columns.map((index, column) => {
    const was = before?.columns[column] ?? null
    const is = row.columns[column] ?? null
    if (was === is) return index
    return added(was === null ? index : taken(index, was, row.key), is, row.key)
  })
  const tags = table.tags.map((index, tag) => {
    let next = index
    for (const value of before?.tags[tag] ?? []) next = taken(next, value, row.key)
    for (const value of row.tags[tag] ?? []) next = added(next, value, row.key)
    return next
  })
  const changed: Table = { layout: table.layout, records: table.records.with(row.key, row), columns, tags }
  return {
    tables: state.tables.with(at, changed),
    bytes: state.bytes + bytesOf(row) - (before === undefined ? 0 : bytesOf(before)),
  }
}

export function removeRow(state: State, at: number, key: string): State {
  const table = state.tables[at]!
  const row = table.records.get(key)
  if (row === undefined) return state
  const changed: Table = {
    layout: table.layout,
    records: table.records.without(key),
    columns: table.columns.map((index, column) => {
      const was = row.columns[column] ?? null
      return was === null ? index : taken(index, was, key)
    }),
    tags: table.tags.map((index, tag) =>
      (row.tags[tag] ?? []).reduce((next, value) => taken(next, value, key), index),
    ),
  }
  return { tables: state.tables.with(at, changed), bytes: state.bytes - bytesOf(row) }
}

export function bytesOf(row: Row): number {
  return Buffer.byteLength(row.body)
}

/** The only key under a value of a unique index. */
export function onlyKey(index: Index, value: string | number): string | undefined {
  const keys = index.get(value)
  return typeof keys === 'string' ? keys : undefined
}

function added(index: Index, value: ColumnValue, key: string): Index {
  if (value === null) return index
  const keys = index.get(value)
  if (keys === undefined) return index.with(value, key)
  const set = typeof keys === 'string' ? Sorted.empty<string, true>().with(keys, true) : keys
  return index.with(value, set.with(key, true))
}

function taken(index: Index, value: string | number, key: string): Index {
  const keys = index.get(value)
  if (keys === undefined || keys === key) return index.without(value)
  if (typeof keys === 'string') return index
  const rest = keys.without(key)
  if (rest.size > 1) return index.with(value, rest)
  const [last] = rest.rising()
  return last === undefined ? index.without(value) : index.with(value, last[0])
}
