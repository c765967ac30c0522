import { describe, expect, it } from 'vitest'
import { stateRoot } from '../state-root.ts'
import {
  add,
  alice,
  as,
  backends,
  bob,
  book,
  bookIds,
  Books,
  carol,
  Entries,
  getBook,
  market,
  nobody,
  opened,
  refusalOf,
  Tickets,
} from './shelf.ts'

const entry = (entryId: string) => ({ rev: 0, entryId, actorId: alice, text: 't', tags: ['a', 'a', 'b'] })
const ticket = (ticketId: string, code: string) => ({ rev: 0, ticketId, code, tags: ['x'], dueAt: 5 })

describe.each(backends)('records on %s', (kind) => {
  it('gives back exactly what was inserted', async () => {
    const store = await opened(kind)
    const full = book('b1', {
      ownerId: alice,
      status: 'open',
      shelf: 'a',
      signed: true,
      pages: -7,
      isbn: 'x"\u0000\u2028é🂡',
      tags: ['t', 't'],
      genres: [],
      price: 2n ** 127n,
      dueAt: Date.UTC(2026, 0, 31, 12),
      note: 'half \ud800 a pair',
    })
    await add(store, full, book('b2'))
    expect(await getBook(store, 'b1')).toStrictEqual(full)
    expect(await getBook(store, 'b2')).toStrictEqual(book('b2'))
    expect(await getBook(store, 'b3')).toBeUndefined()
    expect(await getBook(store, 'half \ud800')).toBeUndefined()
  })

  it('leaves out what is undefined', async () => {
    const store = await opened(kind)
    const loose: Record<string, unknown> = { ...book('b1'), shelf: undefined, note: undefined }
    await add(store, Object.assign(book('b1'), loose))
    expect(await getBook(store, 'b1')).toStrictEqual(book('b1'))
  })

  it('counts revisions: inserted at 0, each update one more, an older one refused', async () => {
    const store = await opened(kind)
    await add(store, book('b1'))
    const first = book('b1', { shelf: 'a' })
    await store.write((tx) => tx.update(Books, first))
    expect(first.rev).toBe(0)
    expect(await getBook(store, 'b1')).toStrictEqual(book('b1', { shelf: 'a', rev: 1 }))
    for (const rev of [0, 2, -1, 0.5]) {
      await expect(
        store.write((tx) => tx.update(Books, book('b1', { rev, shelf: 'b' }))),
      ).rejects.toMatchObject({
        code: 'E_CONFLICT',
        details: { reason: 'revision' },
        hint: expect.any(String),
      })
    }
    await store.write(async (tx) => {
      await tx.update(Books, book('b1', { rev: 1 }))
      await tx.update(Books, book('b1', { rev: 2, pages: 3 }))
    })
    expect(await getBook(store, 'b1')).toStrictEqual(book('b1', { rev: 3, pages: 3 }))
  })

  it('refuses to insert a taken key or a record with a past, and to update what is not there', async () => {
    const store = await opened(kind)
    await add(store, book('b1'))
    await expect(add(store, book('b1', { shelf: 'x' }))).rejects.toMatchObject({
      code: 'E_CONFLICT',
      details: { reason: 'key' },
    })
    const both = book('b7', { isbn: 'same' })
    await add(store, both)
    await expect(add(store, both)).rejects.toMatchObject({ code: 'E_CONFLICT', details: { reason: 'key' } })
    await expect(add(store, book('b2', { rev: 1 }))).rejects.toMatchObject({
      code: 'E_CONFLICT',
      details: { reason: 'revision' },
    })
    await expect(store.write((tx) => tx.update(Books, book('b9')))).rejects.toMatchObject({
      code: 'E_CONFLICT',
    })
    expect(await bookIds(store)).toEqual(['b1', 'b7'])
  })

  it('keeps unique fields unique, and free again once they are given up', async () => {
    const store = await opened(kind)
    await add(store, book('b1', { isbn: 'one' }), book('b2', { isbn: 'two' }), book('b3'), book('b4'))
    const taken = { code: 'E_CONFLICT', details: { entity: 'book', reason: 'unique', field: 'isbn' } }
    await expect(add(store, book('b5', { isbn: 'one' }))).rejects.toMatchObject(taken)
    await expect(store.write((tx) => tx.update(Books, book('b2', { isbn: 'one' })))).rejects.toMatchObject(
      taken,
    )
    await store.write((tx) => tx.update(Books, book('b1')))
    await store.write((tx) => tx.update(Books, book('b2', { isbn: 'one' })))
    await store.read(market, async (tx) => {
      expect((await tx.find(Books, 'isbn', 'one'))?.bookId).toBe('b2')
      expect(await tx.find(Books, 'isbn', 'two')).toBeUndefined()
    })
  })

  it('goes on after a clash that the write itself caught', async () => {
    const store = await opened(kind)
    await add(store, book('b1', { isbn: 'one', tags: ['old'] }))
    await store.write(async (tx) => {
      await tx.insert(Books, book('b1', { tags: ['new'] })).catch(() => undefined)
      await tx.update(Books, book('b1', { rev: 5, tags: ['new'] })).catch(() => undefined)
      await tx.insert(Books, book('b2', { isbn: 'one', tags: ['new'] })).catch(() => undefined)
      await tx.insert(Books, book('b3'))
    })
    expect(await bookIds(store)).toEqual(['b1', 'b3'])
    const tagged = await store.read(market, (tx) => tx.list(Books, { tagged: { tags: 'new' }, limit: 9 }))
    expect(tagged.items).toEqual([])
  })

  it('never changes what is appended, and removes only what is ephemeral', async () => {
    const store = await opened(kind)
    await store.write(async (tx) => {
      await tx.insert(Entries, entry('e1'))
      await tx.insert(Tickets, ticket('t1', 'one'))
      await tx.insert(Tickets, ticket('t2', 'two'))
      await tx.insert(Books, book('b1'))
    })
    const kept = { code: 'E_CONFLICT', details: { reason: 'keeping' } }
    await expect(store.write((tx) => tx.update(Entries, entry('e1')))).rejects.toMatchObject(kept)
    await expect(store.write((tx) => tx.remove(Entries, 'e1'))).rejects.toMatchObject(kept)
    await expect(store.write((tx) => tx.remove(Books, 'b1'))).rejects.toMatchObject(kept)
    await store.write(async (tx) => {
      await tx.remove(Tickets, 't1')
      await tx.remove(Tickets, 't1')
      await tx.remove(Tickets, 'never')
      expect(await tx.get(Tickets, 't1')).toBeUndefined()
      await tx.insert(Tickets, ticket('t3', 'one'))
    })
    await store.read(market, async (tx) => {
      expect(
        (await tx.list(Tickets, { tagged: { tags: 'x' }, limit: 9 })).items.map((t) => t.ticketId),
      ).toEqual(['t3', 't2'])
      expect((await tx.find(Tickets, 'code', 'one'))?.ticketId).toBe('t3')
    })
  })

  it('shows get and find only what the scope may see', async () => {
    const store = await opened(kind)
    await add(
      store,
      book('own', { ownerId: alice, isbn: 'own' }),
      book('held', { ownerId: bob, holderId: alice, isbn: 'held' }),
      book('open', { ownerId: bob, status: 'open', isbn: 'open' }),
      book('none', { isbn: 'none' }),
    )
    const seen = {
      own: [market, as(alice)],
      held: [market, as(alice), as(bob)],
      open: [market, as(alice), as(bob), as(carol), nobody],
      none: [market],
    }
    for (const scope of [market, as(alice), as(bob), as(carol), nobody]) {
      await store.read(scope, async (tx) => {
        expect(tx.scope).toEqual(scope)
        const shown = { got: new Set<string>(), found: new Set<string>(), due: new Set<string>() }
        for (const [id, scopes] of Object.entries(seen)) {
          if (scopes.some((each) => JSON.stringify(each) === JSON.stringify(scope))) shown.due.add(id)
          if ((await tx.get(Books, id)) !== undefined) shown.got.add(id)
          if ((await tx.find(Books, 'isbn', id)) !== undefined) shown.found.add(id)
        }
        expect(shown).toEqual({ got: shown.due, found: shown.due, due: shown.due })
      })
    }
    await store.write(async (tx) => {
      expect(tx.scope).toEqual(market)
      expect(await tx.get(Books, 'none')).toBeDefined()
    })
  })

  it('is not changed by changing what it was given or gave', async () => {
    const store = await opened(kind)
    const given = book('b1', { tags: ['t'], shelf: 'a' })
    await store.write(async (tx) => {
      await tx.insert(Books, given)
      given.tags.push('later')
      given.shelf = 'b'
    })
    const root = await stateRoot(store)
    const spoil = (found: typeof given | undefined): void => {
      found?.tags.push('spoilt')
      if (found !== undefined) found.shelf = 'spoilt'
    }
    await store.write(async (tx) => spoil(await tx.get(Books, 'b1')))
    await store.read(market, async (tx) => {
      spoil(await tx.get(Books, 'b1'))
      spoil((await tx.list(Books, { limit: 1, filter: (each) => (spoil(each), true) })).items[0])
    })
    expect(await stateRoot(store)).toBe(root)
    expect(await getBook(store, 'b1')).toStrictEqual(book('b1', { tags: ['t'], shelf: 'a' }))
  })

  it('refuses keys that no cursor could carry and values that no index holds exactly', async () => {
    const store = await opened(kind)
    const keys = ['', 'a b', 'é', 'a\n', 'x'.repeat(513)]
    const keyed = await Promise.all(keys.map((key) => refusalOf(add(store, book(key)))))
    expect(keyed).toEqual(keys.map(() => 'E_INVALID_ARGUMENT /bookId'))
    const unfit = [
      { pages: 1.5 },
      { pages: 2 ** 53 },
      { dueAt: 0.5 },
      { shelf: '\ud800' },
      { isbn: 'a\udc00' },
      { tags: ['\ud800'] },
    ]
    const refused = await Promise.all(unfit.map((fields) => refusalOf(add(store, book('b', fields)))))
    expect(refused).toEqual(unfit.map((fields) => `E_INVALID_ARGUMENT /${Object.keys(fields)[0]}`))
    expect(await bookIds(store)).toEqual([])
  })
})
