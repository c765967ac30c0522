/**
 * Brings the tables in the file to what the collections declare now: new collections get tables, changed ones are built
 * anew from their records' bodies. Tables of collections that are not declared now (a plugin that is off) stay untouched.
 */
import { rowOfBody, type Layout } from '../layout.ts'
import { foreign } from '../refusals.ts'
import type { Connection } from './connection.ts'
import { SqliteRecords } from './records.ts'
import { createTables, quoted, tablesText } from './tables.ts'

const stepSize = 500

/** To be called inside a transaction. */
export function syncCollections(database: Connection, layouts: Iterable<Layout>): void {
  const known = new Map(
    database
      .prepare('SELECT name, tables FROM _collection')
      .raw()
      .all()
      .map((row) => row as [string, string]),
  )
  const remember = database.prepare('INSERT OR REPLACE INTO _collection (name, tables) VALUES (?, ?)')
  for (const layout of layouts) {
    const now = tablesText(layout)
    const before = known.get(layout.name)
    if (before === now) continue
    if (before === undefined) database.exec(now)
    else rebuild(database, layout)
    remember.run(layout.name, now)
  }
}

function rebuild(database: Connection, layout: Layout): void {
  const old = quoted(`${layout.name}__old`)
  const names = database.prepare(
    "SELECT type, name FROM sqlite_schema WHERE tbl_name = ? AND type = 'index' AND sql IS NOT NULL",
  )
  for (const [, name] of names.raw().all(layout.name) as [string, string][])
    database.exec(`DROP INDEX ${quoted(name)}`)
  const sides = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB ?`)
  for (const name of sides.pluck().all(`${layout.name}__*`) as string[])
    database.exec(`DROP TABLE ${quoted(name)}`)
  database.exec(`ALTER TABLE ${quoted(layout.name)} RENAME TO ${old}`)
  for (const sql of createTables(layout)) database.exec(sql)

  const records = new SqliteRecords(database)
  const next = database
    .prepare(`SELECT key, body FROM ${old} WHERE key > ? ORDER BY key LIMIT ${stepSize}`)
    .raw()
  for (let after = '', more = true; more;) {
    const step = next.all(after) as [string, string][]
    for (const [key, body] of step) {
      const clash = records.insert(layout, rowOfBody(layout, JSON.parse(body)))
      if (clash !== undefined) {
        throw foreign(
          `two records of ${layout.name} share a field that is unique now`,
          'Start the version that wrote this store, mend the two records, then upgrade.',
        )
      }
      after = key
    }
    more = step.length === stepSize
  }
  database.exec(`DROP TABLE ${old}`)
}
