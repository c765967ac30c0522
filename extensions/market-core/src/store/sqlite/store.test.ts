import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import type { Collection } from '@openclaw-market/protocol/collection'
import {
  add,
  alice,
  as,
  book,
  bookIds,
  Books,
  keyOf,
  newDirectory,
  opened,
  refusalOf,
  shelf,
} from '../conformance/shelf.ts'
import { filled, refusal, tamper } from './filled.fixture.ts'
import { layoutOf } from '../layout.ts'
import type { Scan } from '../records.ts'
import { stateRoot } from '../state-root.ts'
import type { MarketStore } from '../store.ts'
import { openWriter } from './connection.ts'
import { applicationId } from './migrations.ts'
import { Statements } from './statements.ts'

describe('the database', () => {
  it('is synced in full at every commit, on every open', () => {
    const path = join(newDirectory(), 'x.db')
    for (let again = 0; again < 2; again++) {
      const database = openWriter(path)
      expect(database.pragma('synchronous', { simple: true })).toBe(2n)
      expect(database.pragma('journal_mode', { simple: true })).toBe('wal')
      database.close()
    }
  })

  it('has a real column for each indexed field, times and flags as integers', async () => {
    const directory = newDirectory()
    const store = await opened('sqlite', { directory })
    await add(store, book('b1', { dueAt: 1_769_860_800_000, signed: true, shelf: 'x', tags: ['t'] }))
    await store.close()
    const database = new Database(join(directory, 'market.db'), { readonly: true })
    expect(
      database
        .prepare('SELECT key, rev, "dueAt", signed, shelf, pages, typeof("dueAt") AS type FROM book')
        .get(),
    ).toEqual({
      key: 'b1',
      rev: 0,
      dueAt: 1_769_860_800_000,
      signed: 1,
      shelf: 'x',
      pages: null,
      type: 'integer',
    })
    expect(database.prepare('SELECT * FROM book__tags').all()).toEqual([{ value: 't', key: 'b1' }])
    expect(
      database
        .prepare("SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%STRICT%'")
        .get(),
    ).toEqual({ n: 0 })
    database.close()
  })

  it('is refused when a later version wrote it', async () => {
    const { directory, path } = await filled(1)
    tamper(path, "INSERT INTO _migration (version, what) VALUES (99, 'from the future')")
    expect(await refusal(directory)).toContain('layout 99')
  })

  it("is refused when it is another program's", async () => {
    const { directory, path } = await filled(1)
    tamper(path, 'PRAGMA application_id = 7')
    expect(await refusal(directory)).toContain('some other program')
    tamper(path, `PRAGMA application_id = ${applicationId}`)
    await opened('sqlite', { directory })
  })

  it('is refused when its log is there and itself is not', async () => {
    const { directory, path } = await filled(1)
    renameSync(path, `${path}-wal`)
    expect(await refusal(directory)).toContain('missing')
    expect(existsSync(path)).toBe(false)
  })

  it('is refused when it is gone after something was acknowledged, and not made anew', async () => {
    const { directory, path } = await filled(1)
    renameSync(path, join(newDirectory(), 'elsewhere.db'))
    expect(await refusal(directory)).toContain('missing')
    expect(existsSync(path)).toBe(false)
  })

  it('is not mistaken for a file store, nor the other way round', async () => {
    const { directory } = await filled(1)
    await expect(opened('file', { directory })).rejects.toMatchObject({
      message: expect.stringContaining('sqlite'),
    })
    const other = newDirectory()
    await (await opened('file', { directory: other })).close()
    expect(await refusal(other)).toContain('file backend')
  })
})

describe('a statement that fails for more than a clash', () => {
  /** A store whose tag table fails on some values as a sick disk would: for one statement, or for the transaction. */
  async function failing(): Promise<MarketStore> {
    const { directory, path } = await filled(0)
    for (const scope of ['ABORT', 'ROLLBACK']) {
      tamper(
        path,
        `CREATE TRIGGER fail_${scope} BEFORE INSERT ON book__tags WHEN new.value = '${scope}' BEGIN SELECT RAISE(${scope}, 'sick'); END`,
      )
    }
    return opened('sqlite', { directory })
  }

  /** Three writes of one batch; the one in the middle fails and hides it. */
  async function batch(store: MarketStore, tag: string): Promise<readonly string[]> {
    const hiding = async (): Promise<void> =>
      store.write(async (tx) => {
        await tx.insert(Books, book('b2', { tags: [tag] })).catch(() => undefined)
        await tx.insert(Books, book('b2b')).catch(() => undefined)
      })
    return Promise.all([add(store, book('b1')), hiding(), add(store, book('b3'))].map(refusalOf))
  }

  it('fails its write, even when that hides it, and no other', async () => {
    const store = await failing()
    expect(await batch(store, 'ABORT')).toEqual(['done', 'E_UNAVAILABLE', 'done'])
    expect(await bookIds(store)).toEqual(['b1', 'b3'])
  })

  it('fails its batch when SQLite rolled that back, writes nothing outside it, and then goes on', async () => {
    const store = await failing()
    expect(await batch(store, 'ROLLBACK')).toEqual(['E_UNAVAILABLE', 'E_UNAVAILABLE', 'done'])
    expect(await bookIds(store)).toEqual(['b3'])
    await add(store, book('b4'))
    expect(await bookIds(store)).toEqual(['b3', 'b4'])
  })
})

describe('a changed declaration', () => {
  const changed = (changes: Partial<Collection>): readonly Collection[] =>
    shelf.map((each) => (each.name === 'book' ? { ...each, ...changes } : each))

  it('builds the tables of its collection anew from the bodies', async () => {
    const { directory, root } = await filled(1_200)
    const more = await opened('sqlite', {
      directory,
      collections: changed({ indexes: ['note', 'dueAt'], unique: [], tags: ['genres', 'tags'] }),
    })
    expect(await stateRoot(more)).toBe(root)
    const found = await more.read(as(alice), (tx) =>
      tx.list(Books, { where: { note: 'note 7'.repeat(20) }, tagged: { tags: 't' }, limit: 5 }),
    )
    expect(found.items.map((each) => each.bookId)).toEqual([keyOf(7)])
    await add(more, book('z', { isbn: 'i0' }))
    await more.close()
    // `isbn` is shared now, so it cannot become unique again.
    expect(await refusal(directory)).toContain('share a field')
    const still = await opened('sqlite', { directory, collections: changed({ indexes: [], unique: [] }) })
    expect(await bookIds(still)).toHaveLength(1_201)
  })

  it('leaves collections alone that are not declared now', async () => {
    const { directory, root } = await filled(5)
    await (await opened('sqlite', { directory, collections: shelf.slice(1) })).close()
    expect(await stateRoot(await opened('sqlite', { directory }))).toBe(root)
  })
})

it('uses an index, and no sorting, for the lists that a market asks for', async () => {
  const [declared] = shelf
  if (declared === undefined) throw new Error('the shelf is empty')
  const { path } = await filled(5)
  const layout = layoutOf(declared)
  const database = new Database(path, { readonly: true })
  const at = (field: string): number => layout.columns.findIndex((column) => column.field === field)
  const status = { column: at('status'), value: 'open' }
  const owner = { column: at('ownerId'), value: alice }
  const none = { equals: [], tagged: [], ranges: [], order: 'newest' } as const
  const planOf = (scan: Scan, resumed: boolean): string => {
    const { source } = new Statements(database, layout).scan(scan, resumed)
    const rows = database.prepare(`EXPLAIN QUERY PLAN ${source.replaceAll('?', '1')}`).all() as {
      detail: string
    }[]
    return rows.map((row) => row.detail).join('; ')
  }
  for (const resumed of [false, true]) {
    const plans = {
      byStatus: planOf({ ...none, equals: [status] }, resumed),
      byOwner: planOf({ ...none, equals: [status, owner] }, resumed),
      byTag: planOf({ ...none, equals: [status], tagged: [{ tag: 0, value: 't' }] }, resumed),
      byOwnerAndTag: planOf({ ...none, equals: [owner], tagged: [{ tag: 0, value: 't' }] }, resumed),
      due: planOf(
        {
          ...none,
          equals: [status],
          ranges: [{ column: at('dueAt'), atMost: 5 }],
          order: { dueColumn: at('dueAt') },
        },
        resumed,
      ),
      all: planOf({ ...none, order: 'oldest' }, resumed),
    }
    expect(Object.values(plans).join('; ')).not.toContain('TEMP B-TREE')
    expect(plans.byStatus).toContain('book__by_status')
    expect(plans.byOwner).toContain('book__by_ownerId')
    expect(plans.byTag).toMatch(/SEARCH g .*SEARCH r /)
    expect(plans.byOwnerAndTag).toMatch(/^SEARCH r USING INDEX book__by_ownerId/)
    expect(plans.due).toContain('book__by_dueAt')
  }
  database.close()
})
