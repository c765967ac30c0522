/**
 * What a backend does for transactions, all of it at once and without waiting: rows in, bodies out. Visibility,
 * revisions, pages and errors are the same for every backend and live above this, in `transaction.ts` and `query.ts`.
 */
import type { ColumnValue, Layout, Row } from './layout.ts'

/** Where a scan goes on: after this key or, in the order `due`, after this (value, key). */
export interface Position {
  readonly key: string
  readonly due: number
}

export interface Found extends Position {
  readonly body: string
}

/** A conjunction. Columns and tags are given by their place in the layout. */
export interface Scan {
  readonly equals: readonly { readonly column: number; readonly value: Exclude<ColumnValue, null> }[]
  readonly tagged: readonly { readonly tag: number; readonly value: string }[]
  readonly ranges: readonly { readonly column: number; readonly atLeast?: number; readonly atMost?: number }[]
  /** By key falling, by key rising, or by a column's value and then the key, both rising. */
  readonly order: 'newest' | 'oldest' | { readonly dueColumn: number }
}

export interface RecordReader {
  get(layout: Layout, key: string): string | undefined
  /** By a unique column. */
  find(layout: Layout, column: number, value: Exclude<ColumnValue, null>): string | undefined
  /** The next `count` matches after `after`, fewer only when there are no more. */
  scan(layout: Layout, scan: Scan, after: Position | undefined, count: number): readonly Found[]
}

/** Why a record cannot be written as asked; a write that clashes has changed nothing. */
export type Clash =
  | { readonly reason: 'key' }
  | { readonly reason: 'unique'; readonly field: string }
  | { readonly reason: 'revision' }

export interface RecordWriter extends RecordReader {
  insert(layout: Layout, row: Row): Clash | undefined
  /** Replaces the record whose revision is `from`. */
  update(layout: Layout, row: Row, from: number): Clash | undefined
  remove(layout: Layout, key: string): void
}
