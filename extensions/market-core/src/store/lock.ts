/**
 * One process at a time: an exclusive transaction on a tiny database beside the store. The operating system drops its
 * lock when the process dies, however it dies, so that no stale lock is ever left; and SQLite refuses a second holder
 * within the same process too. Nothing else may open `lock.db` while it is held: closing it would drop the lock.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { makePrivateFile } from './directory.ts'
import { foreign } from './refusals.ts'

export interface Lock {
  release(): void
}

/** @throws MarketError E_UNAVAILABLE when the store is open elsewhere. */
export function takeLock(directory: string): Lock {
  const path = join(directory, 'lock.db')
  makePrivateFile(path)
  let held: Database.Database | undefined
  try {
    held = new Database(path, { timeout: 0 })
    held.pragma('journal_mode = MEMORY')
    held.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    held?.close()
    throw foreign(
      `the store is open already, in ${holder(directory)}`,
      'Stop the other process that uses this store, or give this one a directory of its own.',
      cause,
    )
  }
  const database = held
  writeFileSync(join(directory, 'lock.pid'), `${process.pid}\n`, { mode: 0o600 })
  return { release: () => void database.close() }
}

/** Who took the lock last; it holds the lock, else we would. */
function holder(directory: string): string {
  try {
    const pid = readFileSync(join(directory, 'lock.pid'), 'utf8').trim()
    if (!/^\d{1,10}$/.test(pid)) return 'another process'
    return Number(pid) === process.pid ? 'this process' : `process ${pid}`
  } catch {
    return 'another process'
  }
}
