/**
 * Looks for damage that reading alone would not meet. SQLite keeps no checksums of its pages: its own check compares
 * tables with indexes, ours compares what stands beside each body with the body, and each body with its checksum.
 */
import { crc32 } from 'node:zlib'
import type { Layout } from '../layout.ts'
import type { Layouts } from '../transaction.ts'
import type { Connection } from './connection.ts'
import { createTables, quoted, sideTable } from './tables.ts'

/** What is wrong with its pages, or undefined. `integrity` reads the indexes, too. */
export function findPageDamage(database: Connection, check: 'quick' | 'integrity'): string | undefined {
  const problem = String(database.pragma(`${check}_check(1)`, { simple: true }))
  return problem === 'ok' ? undefined : "it fails SQLite's check"
}

/** What is wrong with the records, or undefined. Reads each of them. */
export function findRecordDamage(database: Connection, layouts: Layouts): string | undefined {
  for (const layout of layouts.values()) {
    const found = inTable(database, layout)
    if (found !== undefined) return found
  }
  return undefined
}

/** Tables and indexes must be as they were made: a name or a type that has changed would show late, or never. */
export function findTableDamage(database: Connection, layouts: Layouts): string | undefined {
  const present = new Set(
    database.prepare('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL').pluck().all() as string[],
  )
  for (const layout of layouts.values())
    if (!createTables(layout).every((sql) => present.has(sql)))
      return `the tables of ${layout.name} are not as they were made`
  return undefined
}

function inTable(database: Connection, layout: Layout): string | undefined {
  const table = quoted(layout.name)
  const rows = database.prepare(`SELECT body, sum FROM ${table}`).raw().safeIntegers(false)
  for (const row of rows.iterate()) {
    const [body, sum] = row as [string, number]
    if (crc32(body) !== sum) return `a record of ${layout.name} does not match its checksum`
  }
  const path = (field: string): string => `json_extract(r.body, '$.${field}')`
  const astray = [
    `SELECT 1 FROM ${table} AS r WHERE r.key IS NOT ${path(layout.collection.key)} OR r.rev IS NOT ${path('rev')}`,
    ...layout.tags.flatMap((tag) => {
      const side = sideTable(layout, tag)
      const values = `json_each(r.body, '$.${tag}') AS v`
      return [
        `SELECT 1 FROM ${table} AS r, ${values} WHERE NOT EXISTS (SELECT 1 FROM ${side} AS s WHERE s.value = v.value AND s.key = r.key)`,
        `SELECT 1 FROM ${side} AS s WHERE NOT EXISTS (SELECT 1 FROM ${table} AS r, ${values} WHERE r.key = s.key AND v.value = s.value)`,
      ]
    }),
  ]
  for (const sql of astray)
    if (database.prepare(`${sql} LIMIT 1`).get() !== undefined)
      return `a record of ${layout.name} does not match what it is found by`
  return undefined
}
