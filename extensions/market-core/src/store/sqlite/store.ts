/** The sqlite backend: one database, one writing connection behind the queue, read-only connections for reads. */
import { closeSync, existsSync, openSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Collection, Scope } from '@openclaw-market/protocol/collection'
import { makePrivateFile, settleFile } from '../directory.ts'
import { Holds } from '../hold.ts'
import { layoutsOf } from '../layout.ts'
import { assertMarked, Mark, readMark } from '../mark.ts'
import { NothingKept, WriteQueue, type BatchBackend } from '../queue.ts'
import { closed, notWritten, unreadable } from '../refusals.ts'
import type { MarketStore, OpenStoreOptions, ReadTx, WriteTx } from '../store.ts'
import { ReadTransaction, WriteTransaction, type Layouts } from '../transaction.ts'
import { findPageDamage, findRecordDamage, findTableDamage } from './check.ts'
import { syncCollections } from './collections.ts'
import { openReader, openWriter, sqliteCode, type Connection, type Statement } from './connection.ts'
import { migrate } from './migrations.ts'
import { Readers } from './readers.ts'
import { isDamage, SqliteRecords } from './records.ts'

export const databaseName = 'market.db'

/** A file up to this size is checked whole at every open; a larger one by `market.store.verify` and as it is read. */
const checkedBytes = 16 * 1024 * 1024

/** The directory is prepared and locked by the caller. */
export function openSqliteStore(options: OpenStoreOptions, holds: Holds = new Holds()): MarketStore {
  const { directory, collections } = options
  const path = join(directory, databaseName)
  const layouts = layoutsOf(collections)
  if (!existsSync(path)) {
    if (existsSync(`${path}-wal`)) throw unreadable(`${databaseName} is missing while its log is there`)
    if (readMark(directory) !== undefined) throw unreadable(`${databaseName} is missing`)
  }
  makePrivateFile(path)
  if (existsSync(`${path}-wal`)) settleLog(`${path}-wal`)
  const writer = openChecked(directory, path, layouts)
  return new SqliteStore(collections, path, layouts, writer, new Readers(path), Mark.open(directory), holds)
}

function openChecked(directory: string, path: string, layouts: Layouts): Connection {
  let writer: Connection | undefined
  try {
    writer = openWriter(path)
    const database = writer
    const whole = statSync(path).size <= checkedBytes
    refuse(findPageDamage(database, whole ? 'integrity' : 'quick'))
    database
      .transaction(() => {
        migrate(database)
        syncCollections(database, layouts.values())
      })
      .immediate()
    refuse(findTableDamage(database, layouts))
    if (whole) refuse(findRecordDamage(database, layouts))
    assertMarked(directory, { generation: 0, at: commitNumber(database) }, databaseName)
    return writer
  } catch (error) {
    writer?.close()
    throw isDamage(error) ? unreadable(`${databaseName} is no database that SQLite can read`, error) : error
  }
}

function settleLog(path: string): void {
  const fd = openSync(path, 'r+')
  try {
    settleFile(fd, 0)
  } finally {
    closeSync(fd)
  }
}

function refuse(damage: string | undefined): void {
  if (damage !== undefined) throw unreadable(`${databaseName}: ${damage}`)
}

function commitNumber(database: Connection): number {
  return Number(database.prepare('SELECT number FROM _commit').pluck().get())
}

class SqliteStore implements MarketStore {
  readonly backend = 'sqlite'
  readonly collections: readonly Collection[]
  readonly #path: string
  readonly #layouts: Layouts
  readonly #writer: Connection
  readonly #readers: Readers
  readonly #mark: Mark
  readonly #queue: WriteQueue
  readonly #holds: Holds
  #closing: Promise<void> | undefined

  constructor(
    collections: readonly Collection[],
    path: string,
    layouts: Layouts,
    writer: Connection,
    readers: Readers,
    mark: Mark,
    holds: Holds,
  ) {
    this.collections = collections
    this.#path = path
    this.#layouts = layouts
    this.#writer = writer
    this.#readers = readers
    this.#mark = mark
    this.#holds = holds
    this.#queue = new WriteQueue(new SqliteBatches(writer, layouts, mark), holds)
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

  async findDamage(): Promise<string | undefined> {
    if (this.#closing !== undefined) throw closed()
    const reader = openReader(this.#path)
    try {
      // One transaction, so that all of it sees one commit's state.
      return reader.transaction(
        () =>
          findPageDamage(reader, 'integrity') ??
          findTableDamage(reader, this.#layouts) ??
          findRecordDamage(reader, this.#layouts),
      )()
    } catch (error) {
      if (isDamage(error)) return `${databaseName} cannot be read`
      throw error
    } finally {
      reader.close()
    }
  }

  close(): Promise<void> {
    return (this.#closing ??= (async () => {
      await Promise.all([this.#queue.close(), this.#readers.close()])
      this.#writer.close()
      this.#mark.close()
    })())
  }
}

class SqliteBatches implements BatchBackend {
  readonly #database: Connection
  readonly #layouts: Layouts
  readonly #records: SqliteRecords
  readonly #mark: Mark
  readonly #sql: Readonly<Record<'begin' | 'number' | 'commit' | 'savepoint' | 'release' | 'undo', Statement>>
  /** Of the last commit. */
  #number: number
  #writtenBefore = false

  constructor(database: Connection, layouts: Layouts, mark: Mark) {
    this.#database = database
    this.#layouts = layouts
    this.#records = new SqliteRecords(database)
    this.#mark = mark
    this.#number = commitNumber(database)
    this.#sql = {
      begin: database.prepare('BEGIN IMMEDIATE'),
      number: database.prepare('UPDATE _commit SET number = ?'),
      commit: database.prepare('COMMIT'),
      savepoint: database.prepare('SAVEPOINT write_'),
      release: database.prepare('RELEASE write_'),
      undo: database.prepare('ROLLBACK TO write_'),
    }
  }

  begin(): void {
    this.#records.lost = undefined
    this.#records.written = false
    this.#sql.begin.run()
  }

  savepoint(): void {
    this.#writtenBefore = this.#records.written
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
    this.#records.written = this.#writtenBefore
  }

  commit(): void {
    const number = this.#number + 1
    try {
      if (this.#records.written) this.#sql.number.run(number)
      this.#sql.commit.run()
    } catch (cause) {
      // A full disk takes no commit record, so rolling back leaves nothing. After any other failure one may be there.
      if (sqliteCode(cause) !== 'SQLITE_FULL') throw cause
      throw new NothingKept('the disk is full', { cause })
    }
    if (!this.#records.written) return
    this.#number = number
    this.#mark.set({ generation: 0, at: number })
  }

  abandon(): void {
    if (this.#database.inTransaction) this.#database.exec('ROLLBACK')
  }

  open(): { readonly tx: WriteTx; readonly end: () => void } {
    const tx = new WriteTransaction(this.#layouts, this.#records, { as: 'market' })
    return { tx, end: () => tx.end() }
  }
}
