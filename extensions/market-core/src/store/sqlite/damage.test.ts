/** Damage on the disk: refused at the start, or when it is met, and never taken for data. */
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { add, book, bookIds, getBook, keyOf, newDirectory, opened } from '../conformance/shelf.ts'
import { stateRoot } from '../state-root.ts'
import type { MarketStore } from '../store.ts'
import { filled, refusal, tamper } from './filled.fixture.ts'

/** Changes what a record says, but not its checksum. */
const cheaper = `UPDATE book SET body = replace(body, '"price":"1"', '"price":"9"') WHERE key = '${keyOf(1)}'`

describe('a damaged database', () => {
  it('is refused when its header, its pages or its length are damaged', async () => {
    const { directory, path } = await filled()
    const good = readFileSync(path)
    const spoil = async (change: (bytes: Buffer) => void, message: RegExp): Promise<void> => {
      const bytes = Buffer.from(good)
      change(bytes)
      writeFileSync(path, bytes)
      expect(await refusal(directory)).toMatch(message)
    }
    await spoil((bytes) => bytes.fill(0x55, 0, 100), /market\.db/)
    await spoil((bytes) => bytes.fill(0xff, 8 * 4096, 9 * 4096), /market\.db/)
    await spoil((bytes) => bytes.fill(0, good.length - 4096), /market\.db/)
    writeFileSync(path, good)
    truncateSync(path, statSync(path).size - 3 * 4096)
    expect(await refusal(directory)).toMatch(/market\.db/)
    writeFileSync(path, good)
    expect(await bookIds(await opened('sqlite', { directory }))).toHaveLength(300)
  })

  it('refuses a record whose body does not match its checksum while it runs, and serves the others', async () => {
    const { directory, path } = await filled(3)
    const store = await opened('sqlite', { directory })
    expect(await store.findDamage()).toBeUndefined()
    tamper(path, cheaper)
    expect(await getBook(store, keyOf(0))).toBeDefined()
    const damaged = { code: 'E_UNAVAILABLE', message: expect.stringContaining('checksum') }
    await expect(getBook(store, keyOf(1))).rejects.toMatchObject(damaged)
    await expect(bookIds(store)).rejects.toMatchObject(damaged)
    await expect(stateRoot(store)).rejects.toMatchObject(damaged)
    expect(await store.findDamage()).toBe('a record of book does not match its checksum')
    await add(store, book('new'))
  })

  it.each([
    [cheaper, 'a record of book does not match its checksum'],
    [
      `UPDATE book SET rev = 7 WHERE key = '${keyOf(1)}'`,
      'a record of book does not match what it is found by',
    ],
    [
      `UPDATE book SET key = 'x' WHERE key = '${keyOf(1)}'`,
      'a record of book does not match what it is found by',
    ],
    [
      `UPDATE book__tags SET value = 'u' WHERE key = '${keyOf(1)}'`,
      'a record of book does not match what it is found by',
    ],
    [
      `DELETE FROM book__tags WHERE key = '${keyOf(1)}'`,
      'a record of book does not match what it is found by',
    ],
    ['DROP INDEX book__by_isbn', 'the tables of book are not as they were made'],
    ['UPDATE _commit SET number = number - 1', 'market.db ends before what was acknowledged'],
  ])('is refused at the start after %s', async (sql, message) => {
    const { directory, path } = await filled(3)
    tamper(path, sql)
    expect(await refusal(directory)).toContain(message)
  })

  it('is refused when the log loses a commit that was acknowledged, its last one too', async () => {
    const directory = newDirectory()
    const store = await opened('sqlite', { directory })
    for (const n of [1, 2, 3]) await add(store, book(keyOf(n)))
    // As they lie there when the process is killed: closing would move the log into the database.
    const files = ['market.db', 'market.db-wal', 'acknowledged'] as const
    const killed = new Map(files.map((name) => [name, readFileSync(join(directory, name))]))
    await store.close()
    const log = killed.get('market.db-wal') ?? Buffer.alloc(0)
    const copy = newDirectory()
    const reopen = (bytes: Buffer): Promise<MarketStore> => {
      for (const [name, as] of killed) writeFileSync(join(copy, name), name === 'market.db-wal' ? bytes : as)
      return opened('sqlite', { directory: copy })
    }
    for (const at of [log.length - 1, log.length - 5_000, Math.floor(log.length / 2), 40]) {
      const flipped = Buffer.from(log)
      flipped[at] = (flipped[at] ?? 0) ^ 1
      await expect(reopen(flipped)).rejects.toThrow('market.db ends before what was acknowledged')
    }
    await expect(reopen(log.subarray(0, log.length - 100))).rejects.toThrow('acknowledged')
    expect(await bookIds(await reopen(log))).toEqual([1, 2, 3].map(keyOf))
  })
})
