/** The sqlite backend: one database, one writing connection behind the queue, read-only connections for reads. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Collection, Scope } from '@openclaw-market/protocol/collection'
import { makePrivateFile } from '../directory.ts'
import { Holds } from '../hold.ts'
import { layoutsOf } from '../layout.ts'
import { NothingKept, WriteQueue, type BatchBackend } from '../queue.ts'
import { notWritten, unreadable } from '../refusals.ts'
import type { MarketStore, OpenStoreOptions, ReadTx, WriteTx } from '../store.ts'
import { ReadTransaction, WriteTransaction, type Layouts } from '../transaction.ts'
import { syncCollections } from './collections.ts'
import { openWriter, sqliteCode, type Connection, type Statement } from './connection.ts'
import { migrate } from './migrations.ts'
import { Readers } from './readers.ts'
import { isDamage, SqliteRecords } from './records.ts'

export const databaseName = 'market.db'

/** The directory is prepared and locked by the caller. */
export function openSqliteStore(options: OpenStoreOptions, holds: Holds = new Holds()): MarketStore {
  const path = join(options.directory, databaseName)
  const layouts = layoutsOf(options.collections)
  if (!existsSync(path) && existsSync(`${path}-wal`))
    throw unreadable(`${databaseName} is missing while its log is there`)
  makePrivateFile(path)
  const writer = openChecked(path, layouts)
  return new SqliteStore(options.collections, layouts, writer, new Readers(path), holds)
}

function openChecked(path: string, layouts: Layouts): Connection {
  let writer: Connection | undefined
  try {
    writer = openWriter(path)
    const problem = String(writer.pragma('quick_check(1)', { simple: true }))
    if (problem !== 'ok') throw unreadable(`${databaseName} fails SQLite's check`, new Error(problem))
    const database = writer
    database
      .transaction(() => {
        migrate(database)
        syncCollections(database, layouts.values())
      })
      .immediate()
    return writer
  } catch (error) {
    writer?.close()
    throw isDamage(error) ? unreadable(`${databaseName} is no database that SQLite can read`, error) : error
  }
}

class SqliteStore implements MarketStore {
  readonly backend = 'sqlite'
  readonly collections: readonly Collection[]
  readonly #layouts: Layouts
  readonly #writer: Connection
  readonly #readers: Readers
  readonly #queue: WriteQueue
  readonly #holds: Holds
  #closing: Promise<void> | undefined

  constructor(
    collections: readonly Collection[],
    layouts: Layouts,
    writer: Connection,
    readers: Readers,
    holds: Holds,
  ) {
    this.collections = collections
    this.#layouts = layouts
    this.#writer = writer
    this.#readers = readers
    this.#holds = holds
    this.#queue = new WriteQueue(new SqliteBatches(writer, layouts), holds)
  }

  async read<T>(scope: Scope, fn: (tx: ReadTx) => Promise<T>): Promise<T> {
    const taken = this.#readers.take()
    const reader = taken instanceof Promise ? await taken : taken
    const tx = new ReadTransaction(this.#layouts, reader.records, scope)
    try {
      return await this.#holds.run(() => fn(tx))
    } finally {
      tx.end()
      reader.end()
    }
  }

  write<T>(fn: (tx: WriteTx) => Promise<T>): Promise<T> {
    return this.#queue.write(fn)
  }

  close(): Promise<void> {
    return (this.#closing ??= (async () => {
      await Promise.all([this.#queue.close(), this.#readers.close()])
      this.#writer.close()
    })())
  }
}

class SqliteBatches implements BatchBackend {
  readonly #database: Connection
  readonly #layouts: Layouts
  readonly #records: SqliteRecords
  readonly #sql: Readonly<Record<'begin' | 'commit' | 'savepoint' | 'release' | 'undo', Statement>>

  constructor(database: Connection, layouts: Layouts) {
    this.#database = database
    this.#layouts = layouts
    this.#records = new SqliteRecords(database)
    this.#sql = {
      begin: database.prepare('BEGIN IMMEDIATE'),
      commit: database.prepare('COMMIT'),
      savepoint: database.prepare('SAVEPOINT write_'),
      release: database.prepare('RELEASE write_'),
      undo: database.prepare('ROLLBACK TO write_'),
    }
  }

  begin(): void {
    this.#records.lost = undefined
    this.#sql.begin.run()
  }

  savepoint(): void {
    this.#sql.savepoint.run()
  }

  release(): void {
    if (this.#records.lost !== undefined) throw notWritten(this.#records.lost.cause)
    this.#sql.release.run()
  }

  undo(): void {
    // After some failures SQLite has rolled back the whole transaction, and the batch with it.
    if (!this.#database.inTransaction) throw this.#records.lost?.cause ?? new Error('the transaction is gone')
    this.#sql.undo.run()
    this.#sql.release.run()
    this.#records.lost = undefined
  }

  commit(): void {
    try {
      this.#sql.commit.run()
    } catch (cause) {
      // A full disk takes no commit record, so rolling back leaves nothing. After any other failure one may be there.
      if (sqliteCode(cause) !== 'SQLITE_FULL') throw cause
      throw new NothingKept('the disk is full', { cause })
    }
  }

  abandon(): void {
    if (this.#database.inTransaction) this.#database.exec('ROLLBACK')
  }

  open(): { readonly tx: WriteTx; readonly end: () => void } {
    const tx = new WriteTransaction(this.#layouts, this.#records, { as: 'market' })
    return { tx, end: () => tx.end() }
  }
}
