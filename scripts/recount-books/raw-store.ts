/** The records of a store as its files hold them, whichever backend wrote them. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Findings } from './findings.ts'
import { text, type RawRecord } from './raw-record.ts'
import { readJournal } from './read-journal.ts'
import { readSqlite } from './read-sqlite.ts'

/** Collections that hold money, or say why it moved, and the field that is each record's key. */
export const collections = {
  account: 'accountId',
  transfer: 'transferId',
  deposit: 'depositId',
  payout: 'payoutId',
  settlement: 'settlementId',
  credit_line: 'creditLineId',
  lease: 'leaseId',
  call: 'callId',
  usage_record: 'ledgerId',
} as const
export type CollectionName = keyof typeof collections

export interface RawStore {
  readonly backend: 'sqlite' | 'file'
  /** In the order of keys. */
  all(collection: CollectionName): readonly RawRecord[]
}

/** Keys to records, by collection. */
export type Tables = ReadonlyMap<string, ReadonlyMap<string, RawRecord>>

/** @throws when there is no store, or its files are damaged: what a checksum refuses is not recounted */
export function readStore(directory: string, findings: Findings): RawStore {
  const database = join(directory, 'market.db')
  const isSqlite = existsSync(database)
  const isFile =
    existsSync(directory) && readdirSync(directory).some((name) => /^journal-\d+\.jsonl$/.test(name))
  if (isSqlite === isFile)
    throw new Error(`${directory} holds ${isSqlite ? 'two stores' : 'no store of a market'}`)
  const tables = isSqlite ? readSqlite(database, Object.keys(collections)) : readJournal(directory)
  return {
    backend: isSqlite ? 'sqlite' : 'file',
    all(collection) {
      const rows = [...(tables.get(collection) ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1))
      for (const [key, body] of rows)
        findings.same(`key of a ${collection}`, text(body, collections[collection]), key)
      return rows.map(([, body]) => body)
    },
  }
}
