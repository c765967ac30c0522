/**
 * Lists. A query becomes one scan for each way in which its scope may see an entity (public, or named in one of the
 * party fields); the scans are merged in order and an entity that several of them find is answered once. The same code
 * runs on every backend.
 */
import type { Static, TObject } from '@sinclair/typebox'
import type { Collection, Scope } from '@openclaw-market/protocol/collection'
import { MarketError } from '@openclaw-market/protocol/errors'
import { columnValue, entityOf, type ColumnValue, type Layout } from './layout.ts'
import { readCursor, writeCursor } from './page.ts'
import type { Found, Position, RecordReader, Scan } from './records.ts'
import { misuse } from './refusals.ts'
import type { Page, Query } from './store.ts'

/** Records that one step of a scan reads at most, so that a picky filter never holds a whole collection. */
const stepBound = 256

export function listPage<S extends TObject>(
  reader: RecordReader,
  layout: Layout,
  of: Collection<S>,
  query: Query<S>,
  scope: Scope,
): Page<Static<S>> {
  const { limit, filter } = query
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw misuse('a list needs a limit of at least 1', 'Bound the limit before you ask the store.')
  const base = toScan(layout, of, query)
  const after = query.cursor === undefined ? undefined : { key: readCursor(query.cursor), due: 0 }
  const merged = new Merge(
    reader,
    layout,
    base,
    scansOf(layout, base, scope),
    after,
    Math.min(limit + 1, stepBound),
  )
  const items: Static<S>[] = []
  let last = ''
  while (items.length < limit) {
    const found = merged.next()
    if (found === undefined) return { items }
    const entity = entityOf(of, found.body)
    if (filter !== undefined && !filter(entity)) continue
    items.push(entity)
    last = found.key
  }
  // An order by a value cannot be resumed by key; its callers take what is due and come again.
  return typeof base.order === 'object' || !merged.more()
    ? { items }
    : { items, nextCursor: writeCursor(last) }
}

/** The query's own conditions. */
function toScan<S extends TObject>(layout: Layout, of: Collection<S>, query: Query<S>): Scan {
  const equals = Object.entries(query.where ?? {}).map(([field, value]) => {
    const column = columnOf(layout, field)
    return { column, value: present(field, columnValue(layout.columns[column]!, value)) }
  })
  const tagged = Object.entries(query.tagged ?? {}).map(([field, value]) => {
    const tag = layout.tags.indexOf(field)
    if (tag < 0) throw misuse(`${of.name}.${field} is no tag field`, 'Name it in the tags of the collection.')
    return { tag, value: present(field, value) as string }
  })
  const ranges = [
    ...(query.atLeast === undefined
      ? []
      : [{ column: timeColumn(layout, query.atLeast.field), atLeast: query.atLeast.value }]),
    ...(query.atMost === undefined
      ? []
      : [{ column: timeColumn(layout, query.atMost.field), atMost: query.atMost.value }]),
  ]
  return { equals, tagged, ranges, order: orderOf(layout, query) }
}

function orderOf<S extends TObject>(layout: Layout, query: Query<S>): Scan['order'] {
  if (query.order !== 'due') return query.order ?? 'newest'
  if (query.atMost === undefined)
    throw misuse("the order 'due' needs atMost", 'Say until when it is due, in atMost.')
  if (query.cursor !== undefined) {
    throw new MarketError('E_INVALID_ARGUMENT', "/cursor: does not go with the order 'due'", {
      details: { pointer: '/cursor', rule: 'cursor' },
      hint: 'Leave cursor out: act on what is due, then ask again.',
    })
  }
  return { dueColumn: columnOf(layout, query.atMost.field) }
}

/** The scans whose union is what `scope` may see of `base`: the fast form of `isVisible`. */
function scansOf(layout: Layout, base: Scan, scope: Scope): readonly Scan[] {
  if (scope.as === 'market') return [base]
  const { parties, public: open } = layout.collection.visibility
  const scans: Scan[] = []
  const branch = (field: string, value: string): void => {
    const column = columnOf(layout, field)
    const same = base.equals.find((each) => each.column === column)
    if (same === undefined) scans.push({ ...base, equals: [...base.equals, { column, value }] })
    else if (same.value === value) scans.push(base)
  }
  if (open !== undefined) branch(open.field, open.equals)
  if (scope.as === 'actor') for (const party of parties) branch(party, scope.actorId)
  // The query already asks for no more than one branch shows: the others can add nothing to it.
  return scans.includes(base) ? [base] : scans
}

interface Branch {
  readonly scan: Scan
  step: readonly Found[]
  at: number
  exhausted: boolean
}

class Merge {
  readonly #reader: RecordReader
  readonly #layout: Layout
  readonly #branches: readonly Branch[]
  readonly #before: (a: Position, b: Position) => boolean
  readonly #stepSize: number

  constructor(
    reader: RecordReader,
    layout: Layout,
    base: Scan,
    scans: readonly Scan[],
    after: Position | undefined,
    stepSize: number,
  ) {
    this.#reader = reader
    this.#layout = layout
    this.#before = comesBefore(base.order)
    this.#stepSize = stepSize
    this.#branches = scans.map((scan) => {
      const step = reader.scan(layout, scan, after, stepSize)
      return { scan, step, at: 0, exhausted: step.length < stepSize }
    })
  }

  next(): Found | undefined {
    let first: Found | undefined
    for (const branch of this.#branches) {
      const head = this.#head(branch)
      if (head !== undefined && (first === undefined || this.#before(head, first))) first = head
    }
    if (first === undefined) return undefined
    for (const branch of this.#branches) if (this.#head(branch)?.key === first.key) branch.at++
    return first
  }

  more(): boolean {
    return this.#branches.some((branch) => this.#head(branch) !== undefined)
  }

  #head(branch: Branch): Found | undefined {
    if (branch.at === branch.step.length && !branch.exhausted) {
      branch.step = this.#reader.scan(this.#layout, branch.scan, branch.step.at(-1), this.#stepSize)
      branch.at = 0
      branch.exhausted = branch.step.length < this.#stepSize
    }
    return branch.step[branch.at]
  }
}

function comesBefore(order: Scan['order']): (a: Position, b: Position) => boolean {
  if (order === 'newest') return (a, b) => a.key > b.key
  if (order === 'oldest') return (a, b) => a.key < b.key
  return (a, b) => a.due < b.due || (a.due === b.due && a.key < b.key)
}

export function columnOf(layout: Layout, field: string): number {
  const column = layout.columns.findIndex((each) => each.field === field)
  if (column < 0)
    throw misuse(`${layout.name}.${field} is not indexed`, 'Name it in the indexes of the collection.')
  return column
}

function timeColumn(layout: Layout, field: string): number {
  const column = columnOf(layout, field)
  if (layout.columns[column]?.type !== 'INTEGER') {
    throw misuse(
      `${layout.name}.${field} is no integer or time`,
      'Compare only integers and times with atMost and atLeast.',
    )
  }
  return column
}

function present(field: string, value: ColumnValue | undefined): Exclude<ColumnValue, null> {
  if (value === undefined || value === null) {
    throw misuse(
      `the query says nothing for ${field}`,
      'Leave a condition out instead of giving it no value.',
    )
  }
  return value
}
