/** The records of one transaction: a state that writes move on, and the log of what they did. */
import type { ColumnValue, Layout, Row } from '../layout.ts'
import type { Clash, Found, Position, RecordReader, RecordWriter, Scan } from '../records.ts'
import { outgrown } from '../refusals.ts'
import { putText, removeText } from './changes.ts'
import { scanTable } from './scan.ts'
import { onlyKey, putRow, removeRow, type State, type Table } from './state.ts'

export type Places = ReadonlyMap<Layout, number>

export class FileReader implements RecordReader {
  protected current: State
  protected readonly places: Places

  constructor(places: Places, state: State) {
    this.places = places
    this.current = state
  }

  get(layout: Layout, key: string): string | undefined {
    return this.table(layout).records.get(key)?.body
  }

  find(layout: Layout, column: number, value: Exclude<ColumnValue, null>): string | undefined {
    const table = this.table(layout)
    const key = onlyKey(table.columns[column]!, value)
    return key === undefined ? undefined : table.records.get(key)?.body
  }

  scan(layout: Layout, scan: Scan, after: Position | undefined, count: number): readonly Found[] {
    return scanTable(this.table(layout), scan, after, count)
  }

  protected table(layout: Layout): Table {
    return this.current.tables[this.place(layout)]!
  }

  protected place(layout: Layout): number {
    return this.places.get(layout)!
  }
}

/** What a savepoint keeps. */
export interface Savepoint {
  readonly state: State
  readonly logged: number
}

export class FileWriter extends FileReader implements RecordWriter {
  /** JSON of each change, in order. */
  #log: string[] = []
  readonly #maxBytes: number
  /** Bytes of records that this program knows nothing of and keeps. */
  readonly #otherBytes: number

  constructor(places: Places, state: State, maxBytes: number, otherBytes: number) {
    super(places, state)
    this.#maxBytes = maxBytes
    this.#otherBytes = otherBytes
  }

  get state(): State {
    return this.current
  }

  get log(): readonly string[] {
    return this.#log
  }

  begin(state: State): void {
    this.current = state
    this.#log = []
  }

  savepoint(): Savepoint {
    return { state: this.current, logged: this.#log.length }
  }

  undo({ state, logged }: Savepoint): void {
    this.current = state
    this.#log.length = logged
  }

  insert(layout: Layout, row: Row): Clash | undefined {
    if (this.table(layout).records.get(row.key) !== undefined) return { reason: 'key' }
    return this.#shared(layout, row) ?? this.#put(layout, row)
  }

  update(layout: Layout, row: Row, from: number): Clash | undefined {
    if (this.table(layout).records.get(row.key)?.rev !== from) return { reason: 'revision' }
    return this.#shared(layout, row) ?? this.#put(layout, row)
  }

  remove(layout: Layout, key: string): void {
    const next = removeRow(this.current, this.place(layout), key)
    if (next === this.current) return
    this.current = next
    this.#log.push(removeText(layout.name, key))
  }

  #shared(layout: Layout, row: Row): Clash | undefined {
    const { columns } = this.table(layout)
    for (const [at, { unique, field }] of layout.columns.entries()) {
      const value = row.columns[at] ?? null
      if (!unique || value === null) continue
      const holder = onlyKey(columns[at]!, value)
      if (holder !== undefined && holder !== row.key) return { reason: 'unique', field }
    }
    return undefined
  }

  #put(layout: Layout, row: Row): undefined {
    const next = putRow(this.current, this.place(layout), row)
    if (next.bytes > this.current.bytes && next.bytes + this.#otherBytes > this.#maxBytes)
      throw outgrown(this.#maxBytes)
    this.current = next
    this.#log.push(putText(layout.name, row.key, row.body))
  }
}
