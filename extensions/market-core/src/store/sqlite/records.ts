/** The rows of one connection. Each body has a checksum, checked whenever it is read: SQLite has none for its pages. */
import { crc32 } from 'node:zlib'
import type { ColumnValue, Layout, Row } from '../layout.ts'
import type { Clash, Found, Position, RecordWriter, Scan } from '../records.ts'
import { notWritten, unreadable } from '../refusals.ts'
import { sqliteCode, type Connection } from './connection.ts'
import { Statements } from './statements.ts'

type Body = [body: string, sum: bigint]

export class SqliteRecords implements RecordWriter {
  /**
   * What went wrong beyond a clash since the savepoint. The record may be half written, or SQLite may have rolled all
   * of the transaction back: nothing more is done until the write is undone.
   */
  lost: { readonly cause: unknown } | undefined
  /** There is something to commit. */
  written = false
  readonly #database: Connection
  readonly #statements = new Map<Layout, Statements>()

  constructor(database: Connection) {
    this.#database = database
  }

  get(layout: Layout, key: string): string | undefined {
    return this.#attempt(() => checked(layout, this.#of(layout).get.get(key) as Body | undefined))
  }

  find(layout: Layout, column: number, value: Exclude<ColumnValue, null>): string | undefined {
    return this.#attempt(() => checked(layout, this.#of(layout).find(column).get(value) as Body | undefined))
  }

  scan(layout: Layout, scan: Scan, after: Position | undefined, count: number): readonly Found[] {
    return this.#attempt(() => {
      const statement = this.#of(layout).scan(scan, after !== undefined)
      const rows = statement.all(parametersOf(scan, after, count)) as [string, bigint, string, bigint][]
      return rows.map(([key, due, body, sum]) => {
        checked(layout, [body, sum])
        return { key, due: Number(due), body }
      })
    })
  }

  insert(layout: Layout, row: Row): Clash | undefined {
    return this.#attempt(() => {
      this.written = true
      const of = this.#of(layout)
      try {
        of.insert.run([row.key, row.rev, ...row.columns, crc32(row.body), row.body])
      } catch (error) {
        // A record of the same key may share unique fields too: SQLite names either, we name the key.
        if (isTaken(error) && of.get.get(row.key) !== undefined) return { reason: 'key' }
        return this.#clash(layout, row, error)
      }
      this.#tag(layout, row)
      return undefined
    })
  }

  update(layout: Layout, row: Row, from: number): Clash | undefined {
    return this.#attempt(() => {
      this.written = true
      const of = this.#of(layout)
      const before = of.before.get(row.key) as ColumnValue[] | undefined
      if (before?.[0] !== from) return { reason: 'revision' }
      const changed: number[] = []
      const values: ColumnValue[] = [row.rev, crc32(row.body), row.body]
      row.columns.forEach((value, column) => {
        if (before[column + 1] === value) return
        changed.push(column)
        values.push(value)
      })
      values.push(row.key)
      try {
        of.update(changed).run(values)
      } catch (error) {
        return this.#clash(layout, row, error)
      }
      if (layout.tags.length > 0) {
        this.#untag(layout, row.key)
        this.#tag(layout, row)
      }
      return undefined
    })
  }

  remove(layout: Layout, key: string): void {
    this.#attempt(() => {
      this.written = true
      this.#of(layout).remove.run(key)
      this.#untag(layout, key)
    })
  }

  #tag(layout: Layout, row: Row): void {
    row.tags.forEach((values, at) => {
      for (const value of values) this.#of(layout).tag(at).run(value, row.key)
    })
  }

  #untag(layout: Layout, key: string): void {
    layout.tags.forEach((_, at) => this.#of(layout).untag(at).run(key))
  }

  /** Which unique field a refused statement would have shared. SQLite has undone the statement, and no more than that. */
  #clash(layout: Layout, row: Row, error: unknown): Clash {
    if (!isTaken(error)) throw error
    for (const [at, column] of layout.columns.entries()) {
      const value = row.columns[at] ?? null
      if (!column.unique || value === null) continue
      const other = this.#database.prepare(
        `SELECT 1 FROM "${layout.name}" WHERE "${column.field}" = ? AND key <> ?`,
      )
      if (other.get(value, row.key) !== undefined) return { reason: 'unique', field: column.field }
    }
    throw error
  }

  #of(layout: Layout): Statements {
    let statements = this.#statements.get(layout)
    if (statements === undefined)
      this.#statements.set(layout, (statements = new Statements(this.#database, layout)))
    return statements
  }

  #attempt<T>(act: () => T): T {
    if (this.lost !== undefined) throw notWritten(this.lost.cause)
    try {
      return act()
    } catch (cause) {
      if (sqliteCode(cause) === undefined) throw cause
      this.lost = { cause }
      throw isDamage(cause) ? unreadable('market.db cannot be read', cause) : notWritten(cause)
    }
  }
}

function isTaken(error: unknown): boolean {
  const code = sqliteCode(error)
  return code === 'SQLITE_CONSTRAINT_PRIMARYKEY' || code === 'SQLITE_CONSTRAINT_UNIQUE'
}

/** Whether SQLite says that the file itself is broken. */
export function isDamage(error: unknown): boolean {
  const code = sqliteCode(error)
  return code === 'SQLITE_NOTADB' || code?.startsWith('SQLITE_CORRUPT') === true
}

function checked(layout: Layout, found: Body | undefined): string | undefined {
  if (found === undefined) return undefined
  const [body, sum] = found
  if (BigInt(crc32(body)) !== sum)
    throw unreadable(`a record of ${layout.name} in market.db does not match its checksum`)
  return body
}

function parametersOf(scan: Scan, after: Position | undefined, count: number): unknown[] {
  const values: unknown[] = []
  for (const { value } of scan.equals) values.push(value)
  for (const { value } of scan.tagged) values.push(value)
  for (const { atLeast, atMost } of scan.ranges) values.push(atLeast ?? atMost)
  if (after !== undefined) {
    if (typeof scan.order === 'object') values.push(after.due)
    values.push(after.key)
  }
  values.push(count)
  return values
}
