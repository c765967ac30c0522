import { describe, expect, it } from 'vitest'
import type { Scope } from '@openclaw-market/protocol/collection'
import type { MarketStore, Query } from '../store.ts'
import {
  add,
  alice,
  as,
  backends,
  bob,
  book,
  Books,
  carol,
  Entries,
  keyOf,
  market,
  nobody,
  opened,
  refusalOf,
} from './shelf.ts'

const ids = async (store: MarketStore, query: Partial<Query<typeof Books.schema>>, scope: Scope = market) =>
  (await store.read(scope, (tx) => tx.list(Books, { limit: 100, ...query }))).items.map((each) => each.bookId)

/** All pages of a list, as ids. */
async function pages(
  store: MarketStore,
  query: Query<typeof Books.schema>,
  scope: Scope = market,
): Promise<string[][]> {
  const all: string[][] = []
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = await store.read(scope, (tx) =>
      tx.list(Books, { ...query, ...(cursor === undefined ? {} : { cursor }) }),
    )
    all.push(page.items.map((each) => each.bookId))
    cursor = page.nextCursor
  }
  return all
}

describe.each(backends)('lists on %s', (kind) => {
  it('is newest first by key, or oldest first', async () => {
    const store = await opened(kind)
    await add(store, book('b2'), book('a9'), book('b10'), book('B3'), book('~'))
    expect(await ids(store, {})).toEqual(['~', 'b2', 'b10', 'a9', 'B3'])
    expect(await ids(store, { order: 'oldest' })).toEqual(['B3', 'a9', 'b10', 'b2', '~'])
    expect(await ids(store, { order: 'newest', limit: 2 })).toEqual(['~', 'b2'])
  })

  it('finds by each kind of field, and by several', async () => {
    const store = await opened(kind)
    await add(
      store,
      book('b1', {
        status: 'open',
        shelf: 'x',
        signed: true,
        pages: 0,
        isbn: 'i1',
        dueAt: 10,
        ownerId: alice,
      }),
      book('b2', { status: 'open', shelf: 'x', signed: false, pages: 5, dueAt: 20, ownerId: bob }),
      book('b3', { status: 'gone', shelf: '', pages: -5, dueAt: 30, ownerId: alice }),
      book('b4'),
    )
    expect(await ids(store, { where: { status: 'open' } })).toEqual(['b2', 'b1'])
    expect(await ids(store, { where: { shelf: 'x', signed: true } })).toEqual(['b1'])
    expect(await ids(store, { where: { signed: false } })).toEqual(['b2'])
    expect(await ids(store, { where: { shelf: '' } })).toEqual(['b3'])
    expect(await ids(store, { where: { pages: 0 } })).toEqual(['b1'])
    expect(await ids(store, { where: { dueAt: 20 } })).toEqual(['b2'])
    expect(await ids(store, { where: { isbn: 'i1' } })).toEqual(['b1'])
    expect(await ids(store, { where: { ownerId: alice, status: 'gone' } })).toEqual(['b3'])
    expect(await ids(store, { where: { ownerId: bob, status: 'gone' } })).toEqual([])
    expect(await ids(store, { where: { shelf: 'y' } })).toEqual([])
    expect(await ids(store, { atMost: { field: 'pages', value: 0 } })).toEqual(['b3', 'b1'])
    expect(await ids(store, { atLeast: { field: 'pages', value: 0 } })).toEqual(['b2', 'b1'])
    expect(
      await ids(store, { atLeast: { field: 'dueAt', value: 10.5 }, atMost: { field: 'dueAt', value: 29.5 } }),
    ).toEqual(['b2'])
    expect(await ids(store, { atMost: { field: 'dueAt', value: Infinity } })).toEqual(['b3', 'b2', 'b1'])
    expect(await ids(store, { atMost: { field: 'dueAt', value: NaN } })).toEqual([])
  })

  it('follows a record whose fields change', async () => {
    const store = await opened(kind)
    await add(store, book('b1', { shelf: 'x', dueAt: 5, tags: ['old', 'both'] }))
    await store.write((tx) => tx.update(Books, book('b1', { pages: 1, tags: ['both', 'new'] })))
    expect(await ids(store, { where: { shelf: 'x' } })).toEqual([])
    expect(await ids(store, { atMost: { field: 'dueAt', value: 9 }, order: 'due' })).toEqual([])
    expect(await ids(store, { where: { pages: 1 } })).toEqual(['b1'])
    expect(await ids(store, { tagged: { tags: 'old' } })).toEqual([])
    expect(await ids(store, { tagged: { tags: 'both' } })).toEqual(['b1'])
    expect(await ids(store, { tagged: { tags: 'new' } })).toEqual(['b1'])
  })

  it('finds by tags, one or several, with fields', async () => {
    const store = await opened(kind)
    await add(
      store,
      book('b1', { tags: ['a', 'b', 'a'], genres: ['g'] }),
      book('b2', { tags: ['a'], genres: ['g', 'h'], shelf: 'x' }),
      book('b3', { tags: ['b'], shelf: 'x' }),
    )
    await store.write((tx) => tx.insert(Entries, { rev: 0, entryId: 'e1', text: 'a', tags: ['a', 'a'] }))
    expect(await ids(store, { tagged: { tags: 'a' } })).toEqual(['b2', 'b1'])
    expect(await ids(store, { tagged: { tags: 'a' }, order: 'oldest' })).toEqual(['b1', 'b2'])
    expect(await ids(store, { tagged: { tags: 'b', genres: 'g' } })).toEqual(['b1'])
    expect(await ids(store, { tagged: { tags: 'b' }, where: { shelf: 'x' } })).toEqual(['b3'])
    expect(await ids(store, { tagged: { genres: 'none' } })).toEqual([])
    const entries = await store.read(market, (tx) => tx.list(Entries, { tagged: { tags: 'a' }, limit: 5 }))
    expect(entries.items).toHaveLength(1)
  })

  it('lists what is due, soonest first, and nothing that is never due', async () => {
    const store = await opened(kind)
    await add(
      store,
      book('b1', { dueAt: 30 }),
      book('b2', { dueAt: 10, shelf: 'x' }),
      book('b3', { dueAt: 10 }),
      book('b4'),
      book('b5', { dueAt: 31, shelf: 'x' }),
    )
    const due = (value: number, more: Partial<Query<typeof Books.schema>> = {}) =>
      ids(store, { order: 'due', atMost: { field: 'dueAt', value }, ...more })
    expect(await due(30)).toEqual(['b2', 'b3', 'b1'])
    expect(await due(9)).toEqual([])
    expect(await due(99, { limit: 2 })).toEqual(['b2', 'b3'])
    expect(await due(99, { where: { shelf: 'x' } })).toEqual(['b2', 'b5'])
    expect(await due(99, { atLeast: { field: 'dueAt', value: 11 } })).toEqual(['b1', 'b5'])
    expect(await due(99, { filter: (each) => each.bookId !== 'b2' })).toEqual(['b3', 'b1', 'b5'])
    const page = await store.read(market, (tx) =>
      tx.list(Books, { order: 'due', atMost: { field: 'dueAt', value: 99 }, limit: 1 }),
    )
    expect(page).not.toHaveProperty('nextCursor')
  })

  it('pages without a gap or a double, while others insert, and ends without a cursor', async () => {
    const store = await opened(kind)
    await add(store, ...Array.from({ length: 10 }, (_, n) => book(keyOf(n * 2))))
    const newest = Array.from({ length: 10 }, (_, n) => keyOf(18 - n * 2))
    expect((await pages(store, { limit: 3 })).map((page) => page.length)).toEqual([3, 3, 3, 1])
    expect((await pages(store, { limit: 5 })).map((page) => page.length)).toEqual([5, 5])
    expect((await pages(store, { limit: 3 })).flat()).toEqual(newest)
    expect((await pages(store, { limit: 4, order: 'oldest' })).flat()).toEqual(newest.toReversed())
    const first = await store.read(market, (tx) => tx.list(Books, { limit: 3 }))
    await add(store, book(keyOf(17)), book(keyOf(19)))
    const rest = await ids(store, { cursor: first.nextCursor ?? '' })
    expect([...first.items.map((each) => each.bookId), ...rest]).toEqual(newest)
  })

  it('scans on past what a filter refuses, over many steps', async () => {
    const store = await opened(kind)
    await add(
      store,
      ...Array.from({ length: 1000 }, (_, n) =>
        book(keyOf(n), { pages: n, ...(n % 2 === 0 ? { dueAt: n } : {}) }),
      ),
    )
    const hundreds = (each: { pages?: number }): boolean =>
      each.pages !== undefined && each.pages % 100 === 50
    const all = Array.from({ length: 10 }, (_, n) => keyOf(950 - n * 100))
    expect(await ids(store, { filter: hundreds })).toEqual(all)
    expect((await pages(store, { filter: hundreds, limit: 3 })).flat()).toEqual(all)
    expect(
      await ids(store, { filter: hundreds, order: 'due', atMost: { field: 'dueAt', value: 2000 } }),
    ).toEqual(all.toReversed())
    expect(await ids(store, { limit: 1000 })).toHaveLength(1000)
    let asked = 0
    await ids(store, { limit: 2, filter: () => ++asked > 0 })
    expect(asked).toBe(2)
  })

  it('lists what a scope may see, each once, in order, over pages', async () => {
    const store = await opened(kind)
    const owners = [alice, bob, undefined]
    const books = Array.from({ length: 60 }, (_, n) => {
      const [ownerId, holderId] = [owners[n % 3], owners[(n >> 1) % 3]]
      return book(keyOf(n), {
        status: n % 5 === 0 ? 'open' : 'draft',
        dueAt: 100 - (n % 7),
        tags: n % 2 === 0 ? ['even'] : [],
        ...(ownerId === undefined ? {} : { ownerId }),
        ...(holderId === undefined ? {} : { holderId }),
      })
    })
    await add(store, ...books)
    for (const scope of [as(alice), as(bob), as(carol), nobody]) {
      const who = scope.as === 'actor' ? scope.actorId : 'none'
      const seen = books.filter((b) => b.status === 'open' || b.ownerId === who || b.holderId === who)
      const expected = (part: typeof books): string[] => part.map((each) => each.bookId).toReversed()
      expect((await pages(store, { limit: 7 }, scope)).flat()).toEqual(expected(seen))
      expect(await ids(store, { order: 'oldest' }, scope)).toEqual(expected(seen).toReversed())
      expect(await ids(store, { tagged: { tags: 'even' } }, scope)).toEqual(
        expected(seen.filter((b) => b.tags.length > 0)),
      )
      expect(await ids(store, { where: { status: 'open' } }, scope)).toEqual(
        expected(seen.filter((b) => b.status === 'open')),
      )
      expect(await ids(store, { where: { status: 'draft' } }, scope)).toEqual(
        expected(seen.filter((b) => b.status === 'draft')),
      )
      expect(await ids(store, { where: { ownerId: alice } }, scope)).toEqual(
        expected(seen.filter((b) => b.ownerId === alice)),
      )
      const due = seen
        .toSorted((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0) || (a.bookId < b.bookId ? -1 : 1))
        .map((each) => each.bookId)
      expect(await ids(store, { order: 'due', atMost: { field: 'dueAt', value: 100 } }, scope)).toEqual(due)
    }
    const entry = { rev: 0, entryId: 'e', text: 't', tags: [] }
    await store.write((tx) => tx.insert(Entries, entry))
    expect((await store.read(nobody, (tx) => tx.list(Entries, { limit: 9 }))).items).toEqual([])
  })

  it('refuses queries that it could only guess at', async () => {
    const store = await opened(kind)
    const empty: Record<string, undefined> = { shelf: undefined }
    const misuses: Partial<Query<typeof Books.schema>>[] = [
      { limit: 0 },
      { limit: 1.5 },
      { where: { note: 'not indexed' } },
      { where: Object.assign({ status: 'open' as const }, empty) },
      { tagged: { shelf: 'no tag' } },
      { atMost: { field: 'shelf', value: 1 } },
      { order: 'due' },
    ]
    expect(await Promise.all(misuses.map((query) => refusalOf(ids(store, query))))).toEqual(
      misuses.map(() => 'E_INTERNAL'),
    )
    const due = { order: 'due', atMost: { field: 'dueAt', value: 1 } } as const
    expect(await refusalOf(ids(store, { ...due, cursor: 'YQ' }))).toBe('E_INVALID_ARGUMENT /cursor')
    expect(await refusalOf(ids(store, { cursor: '!' }))).toBe('E_INVALID_ARGUMENT /cursor')
    expect(await refusalOf(ids(store, { where: { shelf: '\ud800' } }))).toBe('E_INVALID_ARGUMENT /shelf')
    await expect(store.read(market, (tx) => tx.find(Books, 'shelf', 'x'))).rejects.toMatchObject({
      code: 'E_INTERNAL',
    })
  })
})
