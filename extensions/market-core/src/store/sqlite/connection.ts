import Database from 'better-sqlite3'

export type Connection = Database.Database
export type Statement = Database.Statement

/** How long SQLite itself may wait for a lock; only a foreign tool on the file ever makes it wait. */
const busyMs = 2_000

/** The connection that writes. Everything that durability rests on is set here, on every open. */
export function openWriter(path: string): Connection {
  const database = new Database(path, { timeout: busyMs })
  try {
    database.defaultSafeIntegers(true)
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL') // better-sqlite3 is built with NORMAL for WAL, which may lose the last commits
    database.pragma('fullfsync = ON') // macOS: fsync alone does not reach the disk; nothing elsewhere
    database.pragma('checkpoint_fullfsync = ON')
    database.pragma('wal_autocheckpoint = 4000') // 16 MB of log between checkpoints
    database.pragma('cell_size_check = ON')
    database.pragma('trusted_schema = OFF')
    database.pragma('cache_size = -32000')
    database.pragma('temp_store = MEMORY') // the journal of a savepoint: gone after a crash anyway
    database.pragma('journal_size_limit = 67108864')
    if (database.pragma('synchronous', { simple: true }) !== 2n) throw new Error('synchronous is not FULL')
    if (database.pragma('journal_mode', { simple: true }) !== 'wal')
      throw new Error('the journal mode is not WAL')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

export function openReader(path: string): Connection {
  const database = new Database(path, { readonly: true, fileMustExist: true, timeout: busyMs })
  database.defaultSafeIntegers(true)
  database.pragma('trusted_schema = OFF')
  database.pragma('cache_size = -8000')
  return database
}

/** SQLite's own name for what went wrong, e.g. SQLITE_FULL; undefined for an error that is not SQLite's. */
export function sqliteCode(error: unknown): string | undefined {
  return error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('SQLITE_')
    ? error.code
    : undefined
}
