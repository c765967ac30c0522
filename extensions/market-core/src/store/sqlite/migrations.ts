/**
 * The layout of the file itself, as numbered steps. What a collection's tables look like follows from its declaration
 * (`tables.ts`) and is brought up to date by `collections.ts`; a migration is for what no declaration says.
 */
import { foreign } from '../refusals.ts'
import type { Connection } from './connection.ts'

export interface Migration {
  readonly version: number
  readonly what: string
  readonly run: (database: Connection) => void
}

/** 'OCWM', in the header of the file: says that it is ours. */
export const applicationId = 0x4f43574d

export const migrations: readonly Migration[] = [
  {
    version: 1,
    what: 'the records of migrations and of the tables of each collection',
    run(database) {
      database.pragma(`application_id = ${applicationId}`)
      database.exec(`
        CREATE TABLE _migration (version INTEGER NOT NULL PRIMARY KEY, what TEXT NOT NULL) STRICT;
        CREATE TABLE _collection (name TEXT NOT NULL PRIMARY KEY, tables TEXT NOT NULL) STRICT;
      `)
    },
  },
  {
    version: 2,
    what: 'the number of the last commit, by which the mark says how far the store had come',
    run(database) {
      database.exec(`
        CREATE TABLE _commit (only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1), number INTEGER NOT NULL) STRICT;
        INSERT INTO _commit (only_row, number) VALUES (1, 0);
      `)
    },
  },
]

/** Runs what is missing; to be called inside a transaction. @throws MarketError E_UNAVAILABLE when the file is not ours to open. */
export function migrate(database: Connection, steps: readonly Migration[] = migrations): void {
  const current = versionOf(database)
  const latest = steps.at(-1)?.version ?? 0
  if (current > latest) {
    throw foreign(
      `market.db has layout ${current}; this program knows none above ${latest}`,
      'Start the version of OpenClaw Web3 Market that wrote this store, or a later one.',
    )
  }
  for (const { version, what, run } of steps) {
    if (version <= current) continue
    run(database)
    database.prepare('INSERT INTO _migration (version, what) VALUES (?, ?)').run(version, what)
  }
}

function versionOf(database: Connection): number {
  const tables = Number(database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get())
  if (tables === 0) return 0
  if (Number(database.pragma('application_id', { simple: true })) !== applicationId) {
    throw foreign(
      'market.db is a database of some other program',
      'Give the market a store directory of its own.',
    )
  }
  return Number(database.prepare('SELECT max(version) FROM _migration').pluck().get())
}
