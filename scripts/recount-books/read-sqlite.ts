/** The sqlite backend: a table for each collection, each body with its CRC-32. */
import { crc32 } from 'node:zlib'
import Database from 'better-sqlite3'
import { isRecord, type RawRecord } from './raw-record.ts'
import type { Tables } from './raw-store.ts'

/** One read transaction, so that a market that goes on writing does not show half of a write. */
export function readSqlite(path: string, names: readonly string[]): Tables {
  const database = new Database(path, { readonly: true, fileMustExist: true })
  try {
    const intact = database.pragma('integrity_check', { simple: true })
    if (intact !== 'ok') throw new Error(`market.db is damaged: ${String(intact)}`)
    return database.transaction(() => new Map(names.map((name) => [name, readTable(database, name)])))()
  } finally {
    database.close()
  }
}

function readTable(database: Database.Database, name: string): ReadonlyMap<string, RawRecord> {
  const rows = database.prepare<[], { key: string; sum: number; body: string }>(
    `SELECT key, sum, body FROM "${name}" ORDER BY key`,
  )
  const records = new Map<string, RawRecord>()
  for (const { key, sum, body } of rows.iterate()) {
    if (crc32(body) !== sum) throw new Error(`${name} ${key} does not match its checksum`)
    const record: unknown = JSON.parse(body)
    if (!isRecord(record)) throw new Error(`${name} ${key} is no object`)
    records.set(key, record)
  }
  return records
}
