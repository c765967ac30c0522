/** A closed database to look at or to spoil. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect } from 'vitest'
import { add, alice, book, keyOf, newDirectory, opened, refusalOf } from '../conformance/shelf.ts'
import { stateRoot } from '../state-root.ts'

export async function filled(count = 300): Promise<{ directory: string; path: string; root: string }> {
  const directory = newDirectory()
  const store = await opened('sqlite', { directory })
  await add(
    store,
    ...Array.from({ length: count }, (_, n) =>
      book(keyOf(n), { tags: ['t'], ownerId: alice, isbn: `i${n}`, note: `note ${n}`.repeat(20) }),
    ),
  )
  const root = await stateRoot(store)
  await store.close()
  return { directory, path: join(directory, 'market.db'), root }
}

/** Changes the closed database behind the store's back. */
export function tamper(path: string, sql: string): void {
  const database = new Database(path)
  database.exec(sql)
  database.close()
}

/** The message with which opening is refused. */
export async function refusal(directory: string): Promise<string> {
  const opening = opened('sqlite', { directory })
  expect(await refusalOf(opening)).toBe('E_UNAVAILABLE')
  return opening.then(() => '', String)
}
