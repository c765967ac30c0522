import { describe, expect, it } from 'vitest'
import { Holds } from '../hold.ts'
import { openFileStore } from '../file/store.ts'
import { openSqliteStore } from '../sqlite/store.ts'
import { stateRoot } from '../state-root.ts'
import type { WriteTx } from '../store.ts'
import {
  add,
  alice,
  backends,
  book,
  bookIds,
  Books,
  Entries,
  getBook,
  keyOf,
  market,
  newDirectory,
  opened,
  shelf,
  Tickets,
} from './shelf.ts'

describe.each(backends)('writes on %s', (kind) => {
  it('answers with what the callback answers, and passes its error through', async () => {
    const store = await opened(kind)
    expect(await store.write(async () => 42)).toBe(42)
    const mine = new RangeError('mine')
    await expect(store.write(() => Promise.reject(mine))).rejects.toBe(mine)
    const thrown = (): Promise<void> => {
      throw mine
    }
    await expect(store.write(thrown)).rejects.toBe(mine)
    await expect(store.read(market, thrown)).rejects.toBe(mine)
  })

  it('keeps nothing of a write that fails, whatever it did before', async () => {
    const store = await opened(kind)
    await add(store, book('b1', { shelf: 'x', tags: ['t'], isbn: 'i' }))
    await store.write((tx) =>
      tx.insert(Tickets, { rev: 0, ticketId: 't1', code: 'c', tags: ['t'], dueAt: 1 }),
    )
    const root = await stateRoot(store)
    const spoil = store.write(async (tx) => {
      await tx.insert(Books, book('b2', { tags: ['t'] }))
      await tx.update(Books, book('b1', { shelf: 'y' }))
      await tx.remove(Tickets, 't1')
      await tx.insert(Entries, { rev: 0, entryId: 'e', text: 't', tags: ['t'] })
      throw new Error('no')
    })
    await expect(spoil).rejects.toThrow('no')
    expect(await stateRoot(store)).toBe(root)
    const found = await store.read(market, (tx) =>
      tx.list(Books, { where: { shelf: 'x' }, tagged: { tags: 't' }, limit: 9 }),
    )
    expect(found.items).toStrictEqual([book('b1', { shelf: 'x', tags: ['t'], isbn: 'i' })])
  })

  it('lets each of many concurrent writes succeed or fail alone', async () => {
    const directory = newDirectory()
    const store = await opened(kind, { directory })
    await add(store, book('sum', { pages: 0 }))
    const outcomes = await Promise.allSettled(
      Array.from({ length: 600 }, (_, n) =>
        store.write(async (tx) => {
          await tx.insert(Books, book(keyOf(n), { isbn: `i${n % 400}` }))
          const sum = await tx.get(Books, 'sum')
          if (sum === undefined) throw new Error('the sum is gone')
          await tx.update(Books, { ...sum, pages: (sum.pages ?? 0) + n })
          if (n % 3 === 0) throw new Error(`no ${n}`)
        }),
      ),
    )
    const good = outcomes.flatMap((each, n) => (each.status === 'fulfilled' ? [n] : []))
    // A failed write leaves its isbn free, so 400 + n may take it exactly when n failed.
    const expected = Array.from({ length: 600 }, (_, n) => n).filter(
      (n) => n % 3 !== 0 && (n < 400 || (n - 400) % 3 === 0),
    )
    expect(good).toEqual(expected)
    expect((await bookIds(store)).filter((id) => id !== 'sum')).toEqual(expected.map(keyOf))
    const sum = await getBook(store, 'sum')
    expect(sum).toMatchObject({ pages: expected.reduce((a, b) => a + b, 0), rev: expected.length })
    const root = await stateRoot(store)
    await store.close()
    expect(await stateRoot(await opened(kind, { directory }))).toBe(root)
  })

  it('runs writes one at a time, in order, each seeing those before it', async () => {
    const store = await opened(kind)
    const seen: string[][] = []
    await Promise.all(
      [1, 2, 3].map((n) =>
        store.write(async (tx) => {
          seen.push((await tx.list(Books, { limit: 9 })).items.map((each) => each.bookId))
          await tx.insert(Books, book(keyOf(n), { isbn: `i${n}` }))
          expect((await tx.find(Books, 'isbn', `i${n}`))?.bookId).toBe(keyOf(n))
          expect((await tx.list(Books, { where: { isbn: `i${n}` }, limit: 9 })).items).toHaveLength(1)
        }),
      ),
    )
    expect(seen).toEqual([[], [keyOf(1)], [keyOf(2), keyOf(1)]])
  })

  it('commits those that wait together at once', async () => {
    const store = await opened(kind)
    const writes = Array.from({ length: 200 }, (_, n) => add(store, book(keyOf(n))))
    await Promise.race(writes)
    expect(await bookIds(store)).toHaveLength(200)
    await Promise.all(writes)
  })

  it('shows a read one state throughout, whatever commits meanwhile', async () => {
    const store = await opened(kind)
    await add(store, book('b1', { shelf: 'x', tags: ['t'] }))
    await store.read(market, async (tx) => {
      const look = async (): Promise<unknown> => [
        await tx.get(Books, 'b1'),
        await tx.list(Books, { tagged: { tags: 't' }, limit: 9 }),
        await tx.find(Books, 'isbn', 'i'),
      ]
      const before = await look()
      await store.write(async (write) => {
        await write.update(Books, book('b1', { shelf: 'y', isbn: 'i' }))
        await write.insert(Books, book('b2', { tags: ['t'] }))
      })
      expect(await look()).toEqual(before)
      expect(await bookIds(store)).toEqual(['b1', 'b2'])
    })
  })

  it('shows a read nothing of a write that is not committed', async () => {
    const store = await opened(kind)
    await store.write(async (tx) => {
      await tx.insert(Books, book('b1'))
      expect(await bookIds(store)).toEqual([])
    })
    expect(await bookIds(store)).toEqual(['b1'])
  })

  it('serves many reads at once', async () => {
    const store = await opened(kind)
    await add(store, book('b1', { ownerId: alice }))
    const found = await Promise.all(Array.from({ length: 100 }, () => getBook(store, 'b1')))
    expect(found.every((each) => each?.ownerId === alice)).toBe(true)
  })

  it('refuses a transaction that is over', async () => {
    const store = await opened(kind)
    let leaked: WriteTx | undefined
    await store.write(async (tx) => void (leaked = tx))
    await expect(leaked?.insert(Books, book('b1'))).rejects.toMatchObject({ code: 'E_INTERNAL' })
    const late = await store.read(market, async (tx) => tx)
    await expect(late.get(Books, 'b1')).rejects.toMatchObject({ code: 'E_INTERNAL' })
    expect(await bookIds(store)).toEqual([])
  })

  it('gives up a transaction that awaits something else for ever, and goes on', async () => {
    const options = { directory: newDirectory(), collections: shelf }
    const store =
      kind === 'sqlite' ? openSqliteStore(options, new Holds(5)) : openFileStore(options, new Holds(5))
    const stuck = store.write(async (tx) => {
      await tx.insert(Books, book('b1'))
      await store.write((inner) => inner.insert(Books, book('b2'))) // waits for the queue that waits for it
    })
    await expect(stuck).rejects.toMatchObject({ code: 'E_INTERNAL' })
    await expect(store.read(market, () => new Promise(() => {}))).rejects.toMatchObject({
      code: 'E_INTERNAL',
    })
    await add(store, book('b3'))
    expect(await bookIds(store)).toEqual(['b2', 'b3'])
    await store.close()
  })

  it('ends after the writes that are queued, and refuses later calls', async () => {
    const directory = newDirectory()
    const store = await opened(kind, { directory })
    const queued = Array.from({ length: 300 }, (_, n) => add(store, book(keyOf(n))))
    const closing = store.close()
    await expect(add(store, book('late'))).rejects.toMatchObject({
      code: 'E_UNAVAILABLE',
      hint: expect.any(String),
    })
    await Promise.all([...queued, closing, store.close()])
    await expect(bookIds(store)).rejects.toMatchObject({ code: 'E_UNAVAILABLE' })
    expect(await bookIds(await opened(kind, { directory }))).toHaveLength(300)
  })

  it('refuses a collection that it was opened without', async () => {
    const store = await opened(kind, { collections: [] })
    await expect(add(store, book('b1'))).rejects.toMatchObject({ code: 'E_INTERNAL' })
  })
})
