/** The SQL of every access to a collection, and the prepared statements of one connection. */
import type { Layout } from '../layout.ts'
import type { Scan } from '../records.ts'
import type { Connection, Statement } from './connection.ts'
import { quoted, sideTable } from './tables.ts'

export class Statements {
  readonly #database: Connection
  readonly #layout: Layout
  readonly #prepared = new Map<string, Statement>()
  readonly #columns: readonly string[]
  readonly #table: string

  constructor(database: Connection, layout: Layout) {
    this.#database = database
    this.#layout = layout
    this.#table = quoted(layout.name)
    this.#columns = layout.columns.map(({ field }) => quoted(field))
  }

  get get(): Statement {
    return this.#once('get', () => this.#raw(`SELECT body, sum FROM ${this.#table} WHERE key = ?`))
  }

  find(column: number): Statement {
    return this.#once(`find ${column}`, () =>
      this.#raw(`SELECT body, sum FROM ${this.#table} WHERE ${this.#columns[column]} = ?`),
    )
  }

  /** key, rev, columns…, sum, body */
  get insert(): Statement {
    return this.#once('insert', () => {
      const names = ['key', 'rev', ...this.#columns, 'sum', 'body']
      return this.#database.prepare(
        `INSERT INTO ${this.#table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
      )
    })
  }

  /** rev and columns of a key, as plain numbers: none of them is beyond 2^53, or `columnValue` had refused it. */
  get before(): Statement {
    return this.#once('before', () =>
      this.#raw(
        `SELECT ${['rev', ...this.#columns].join(', ')} FROM ${this.#table} WHERE key = ?`,
      ).safeIntegers(false),
    )
  }

  /** Sets rev, sum, body and these columns, in this order, of a key: an index is only touched when its field changed. */
  update(changed: readonly number[]): Statement {
    return this.#once(`update ${changed.join()}`, () => {
      const set = ['rev', 'sum', 'body', ...changed.map((column) => this.#columns[column])]
      return this.#database.prepare(
        `UPDATE ${this.#table} SET ${set.map((name) => `${name} = ?`).join(', ')} WHERE key = ?`,
      )
    })
  }

  get remove(): Statement {
    return this.#once('remove', () => this.#database.prepare(`DELETE FROM ${this.#table} WHERE key = ?`))
  }

  tag(at: number): Statement {
    const side = sideTable(this.#layout, this.#layout.tags[at] ?? '')
    return this.#once(`tag ${at}`, () =>
      this.#database.prepare(`INSERT INTO ${side} (value, key) VALUES (?, ?)`),
    )
  }

  untag(at: number): Statement {
    const side = sideTable(this.#layout, this.#layout.tags[at] ?? '')
    return this.#once(`untag ${at}`, () => this.#database.prepare(`DELETE FROM ${side} WHERE key = ?`))
  }

  /** key, due, body, sum of a scan; its parameters in the order of `scanParameters`. */
  scan(scan: Scan, resumed: boolean): Statement {
    return this.#once(shapeOf(scan, resumed), () => this.#raw(this.#scanSql(scan, resumed)))
  }

  #scanSql(scan: Scan, resumed: boolean): string {
    const rankOf = (column: number): number => this.#layout.columns[column]?.rank ?? 3
    // SQLite keeps no statistics here, so it is told what to search by: a tag, else the most telling fields. A `+` keeps
    // the planner from using a column's index. In the order of a time, that time's index does better than a wide field.
    const best = Math.min(3, ...scan.equals.map(({ column }) => rankOf(column)))
    // What is one actor's, or fewer, beats a tag.
    const driver = best <= 2 ? undefined : scan.tagged[0]
    const otherTags = driver === undefined ? scan.tagged : scan.tagged.slice(1)
    const bar = typeof scan.order === 'object' ? Math.min(best, 1) : best
    const conditions = [
      ...scan.equals.map(({ column }) => {
        const free = driver === undefined && rankOf(column) <= bar
        return `${free ? '' : '+'}r.${this.#columns[column]} = ?`
      }),
      ...(driver === undefined ? [] : ['g.value = ?']),
      ...otherTags.map(
        ({ tag }) =>
          `EXISTS (SELECT 1 FROM ${sideTable(this.#layout, this.#layout.tags[tag] ?? '')} AS o WHERE o.value = ? AND o.key = r.key)`,
      ),
      ...scan.ranges.map(
        (range) => `r.${this.#columns[range.column]} ${range.atLeast === undefined ? '<=' : '>='} ?`,
      ),
    ]
    const key = driver === undefined ? 'r.key' : 'g.key'
    let due = '0'
    let order = `${key} ${scan.order === 'newest' ? 'DESC' : 'ASC'}`
    if (typeof scan.order === 'object') {
      due = `r.${this.#columns[scan.order.dueColumn]}`
      order = `${due}, ${key}`
      if (resumed) conditions.push(`(${due}, ${key}) > (?, ?)`)
    } else if (resumed) conditions.push(`${key} ${scan.order === 'newest' ? '<' : '>'} ?`)
    const side =
      driver === undefined
        ? ''
        : `${sideTable(this.#layout, this.#layout.tags[driver.tag] ?? '')} AS g CROSS JOIN `
    const join = driver === undefined ? '' : ' ON r.key = g.key'
    const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
    return `SELECT r.key, ${due}, r.body, r.sum FROM ${side}${this.#table} AS r${join}${where} ORDER BY ${order} LIMIT ?`
  }

  #raw(sql: string): Statement {
    return this.#database.prepare(sql).raw(true)
  }

  #once(name: string, prepare: () => Statement): Statement {
    let statement = this.#prepared.get(name)
    if (statement === undefined) this.#prepared.set(name, (statement = prepare()))
    return statement
  }
}

function shapeOf({ equals, tagged, ranges, order }: Scan, resumed: boolean): string {
  let shape = `scan ${typeof order === 'object' ? order.dueColumn : order}${resumed ? '+' : ''}`
  for (const { column } of equals) shape += ` =${column}`
  for (const { tag } of tagged) shape += ` #${tag}`
  for (const range of ranges) shape += ` ${range.atLeast === undefined ? '<' : '>'}${range.column}`
  return shape
}
