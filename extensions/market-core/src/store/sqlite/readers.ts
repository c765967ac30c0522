/** Read-only connections. Each read has one to itself, in a transaction of its own, and so sees one commit's state throughout. */
import { closed } from '../refusals.ts'
import { openReader, type Connection, type Statement } from './connection.ts'
import { SqliteRecords } from './records.ts'

const most = 8

export interface Reader {
  readonly records: SqliteRecords
  end(): void
}

interface Pooled {
  readonly database: Connection
  readonly records: SqliteRecords
  readonly begin: Statement
  readonly end: Statement
}

export class Readers {
  readonly #path: string
  readonly #idle: Pooled[] = []
  readonly #waiting: (() => void)[] = []
  #open = 0
  #closed = false
  #drained: (() => void) | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** Waits for its turn only while `most` reads are going on. */
  take(): Reader | Promise<Reader> {
    if (this.#closed) throw closed()
    const pooled = this.#idle.pop() ?? this.#another()
    if (pooled !== undefined) return this.#begin(pooled)
    return new Promise<void>((resolve) => this.#waiting.push(resolve)).then(() => this.take())
  }

  /** Refuses new reads, waits for those that go on, closes the connections. */
  async close(): Promise<void> {
    this.#closed = true
    for (const wake of this.#waiting.splice(0)) wake()
    if (this.#open > this.#idle.length) await new Promise<void>((resolve) => (this.#drained = resolve))
    for (const { database } of this.#idle.splice(0)) database.close()
  }

  #another(): Pooled | undefined {
    if (this.#open >= most) return undefined
    const database = openReader(this.#path)
    this.#open++
    return {
      database,
      records: new SqliteRecords(database),
      begin: database.prepare('BEGIN'),
      end: database.prepare('COMMIT'),
    }
  }

  #begin(pooled: Pooled): Reader {
    pooled.begin.run()
    return { records: pooled.records, end: () => this.#give(pooled) }
  }

  #give(pooled: Pooled): void {
    try {
      if (pooled.records.lost !== undefined) throw pooled.records.lost.cause
      pooled.end.run()
      this.#idle.push(pooled)
    } catch {
      pooled.database.close() // the next read opens a fresh connection
      this.#open--
    }
    this.#waiting.shift()?.()
    if (this.#open === this.#idle.length) this.#drained?.()
  }
}
