/** A scan over a table in memory: by the condition that leaves the fewest keys, checking the others on each row. */
import type { Row } from '../layout.ts'
import type { Found, Position, Scan } from '../records.ts'
import type { Keys, Table } from './state.ts'

export function scanTable(
  table: Table,
  scan: Scan,
  after: Position | undefined,
  count: number,
): readonly Found[] {
  const found: Found[] = []
  for (const [row, due] of candidates(table, scan, after)) {
    if (!matches(row, scan)) continue
    found.push({ key: row.key, due, body: row.body })
    if (found.length === count) break
  }
  return found
}

/** Rows in the order of the scan, after the position, among them all that match. */
function* candidates(
  table: Table,
  scan: Scan,
  after: Position | undefined,
): Generator<readonly [Row, number]> {
  if (typeof scan.order === 'object') return yield* due(table, scan, scan.order.dueColumn, after)
  const source = fewest(table, scan)
  if (source === undefined) return
  const newest = scan.order === 'newest'
  if (source.keys === undefined) {
    for (const [, row] of newest ? table.records.falling(after?.key) : table.records.rising(after?.key))
      yield [row, 0]
    return
  }
  for (const key of ordered(source.keys, newest, after?.key)) yield [table.records.get(key)!, 0]
}

function* due(
  table: Table,
  scan: Scan,
  column: number,
  after: Position | undefined,
): Generator<readonly [Row, number]> {
  const index = table.columns[column]!
  let most = Infinity
  let least = -Infinity
  for (const range of scan.ranges) {
    if (range.column !== column) continue
    most = Math.min(most, range.atMost ?? Infinity)
    least = Math.max(least, range.atLeast ?? -Infinity)
  }
  const from = after?.due ?? least
  const here = index.get(from)
  if (here !== undefined && from <= most) {
    for (const key of ordered(here, false, after?.key)) yield [table.records.get(key)!, from]
  }
  for (const [value, keys] of index.rising(from)) {
    if (!(Number(value) <= most)) return
    for (const key of ordered(keys, false, undefined)) yield [table.records.get(key)!, Number(value)]
  }
}

/** The keys of the equality or tag that has the fewest, none when the scan has neither; undefined when nothing can match. */
function fewest(table: Table, scan: Scan): { readonly keys?: Keys } | undefined {
  const sets = [
    ...scan.equals.map(({ column, value }) => table.columns[column]?.get(value)),
    ...scan.tagged.map(({ tag, value }) => table.tags[tag]?.get(value)),
  ]
  let best: Keys | undefined
  for (const keys of sets) {
    if (keys === undefined) return undefined
    if (best === undefined || sizeOf(keys) < sizeOf(best)) best = keys
  }
  return best === undefined ? {} : { keys: best }
}

function sizeOf(keys: Keys): number {
  return typeof keys === 'string' ? 1 : keys.size
}

function* ordered(keys: Keys, newest: boolean, after: string | undefined): Generator<string> {
  if (typeof keys === 'string') {
    if (after === undefined || (newest ? keys < after : keys > after)) yield keys
    return
  }
  for (const [key] of newest ? keys.falling(after) : keys.rising(after)) yield key
}

function matches(row: Row, scan: Scan): boolean {
  return (
    scan.equals.every(({ column, value }) => row.columns[column] === value) &&
    scan.tagged.every(({ tag, value }) => row.tags[tag]?.includes(value) === true) &&
    scan.ranges.every(({ column, atLeast, atMost }) => {
      const value = row.columns[column]
      if (typeof value !== 'number') return false
      return atLeast === undefined ? value <= (atMost ?? Infinity) : value >= atLeast
    })
  )
}
