/**
 * One random history, driven into every backend and into a model that is as simple as can be: the same outcomes, the
 * same state root, the same lists for random queries through random eyes. A failure names its seed: STORE_SEED=… replays it.
 */
import { describe, expect, it } from 'vitest'
import { isVisible, type Scope } from '@openclaw-market/protocol/collection'
import { isMarketError } from '@openclaw-market/protocol/errors'
import {
  alice,
  as,
  backends,
  bob,
  book,
  Books,
  carol,
  keyOf,
  market,
  newDirectory,
  nobody,
  opened,
  Tickets,
  type Book,
} from './conformance/shelf.ts'
import { writeCursor } from './page.ts'
import { stateRoot } from './state-root.ts'
import type { MarketStore, Query, WriteTx } from './store.ts'

type BookQuery = Query<typeof Books.schema>

/** mulberry32 */
function dice(seed: number): { below: (n: number) => number; one: <T>(of: readonly T[]) => T } {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number): number => Math.floor(next() * n)
  return { below, one: (of) => of[below(of.length)]! }
}
type Dice = ReturnType<typeof dice>

const actors = [alice, bob, carol]
const maybe = <K extends string, V>(roll: Dice, field: K, value: V): Partial<Record<K, V>> =>
  (roll.below(3) === 0 ? {} : { [field]: value }) as Partial<Record<K, V>>

function randomBook(roll: Dice, id: string, rev: number): Book {
  return book(id, {
    rev,
    status: roll.one(['draft', 'open', 'gone']),
    tags: Array.from({ length: roll.below(4) }, () => roll.one(['a', 'b', 'c'])),
    price: BigInt(roll.below(1000)) ** 9n,
    ...maybe(roll, 'ownerId', roll.one(actors)),
    ...maybe(roll, 'holderId', roll.one(actors)),
    ...maybe(roll, 'shelf', roll.one(['x', 'y', '', 'é'])),
    ...maybe(roll, 'signed', roll.below(2) === 0),
    ...maybe(roll, 'pages', roll.below(20) - 10),
    ...maybe(roll, 'isbn', `i${roll.below(60)}`),
    ...maybe(roll, 'dueAt', roll.below(50)),
  })
}

type Step =
  | { readonly do: 'insert'; readonly book: Book }
  /** Made from the stored revision, or from the book's own guess at it. */
  | { readonly do: 'update'; readonly book: Book; readonly guess: boolean }
  | { readonly do: 'ticket'; readonly id: string; readonly code: string }
  | { readonly do: 'remove'; readonly id: string }
  | { readonly do: 'fail' }

/** The steps of one write; some of them are bound to clash. */
function randomWrite(roll: Dice): readonly Step[] {
  return Array.from({ length: 1 + roll.below(4) }, (): Step => {
    const id = keyOf(roll.below(80))
    switch (roll.below(10)) {
      case 0:
        return { do: 'ticket', id, code: `c${roll.below(40)}` }
      case 1:
        return { do: 'remove', id }
      case 2:
        return roll.below(4) === 0 ? { do: 'fail' } : { do: 'insert', book: randomBook(roll, id, 0) }
      case 3:
      case 4:
      case 5:
        return { do: 'insert', book: randomBook(roll, id, 0) }
      default:
        return { do: 'update', book: randomBook(roll, id, roll.below(3)), guess: roll.below(3) === 0 }
    }
  })
}

async function act(tx: WriteTx, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    if (step.do === 'fail') throw new RangeError('as planned')
    if (step.do === 'insert') await tx.insert(Books, step.book)
    else if (step.do === 'ticket')
      await tx.insert(Tickets, { rev: 0, ticketId: step.id, code: step.code, tags: [step.code], dueAt: 1 })
    else if (step.do === 'remove') await tx.remove(Tickets, step.id)
    else {
      const stored = await tx.get(Books, step.book.bookId)
      await tx.update(
        Books,
        step.guess || stored === undefined ? step.book : { ...step.book, rev: stored.rev },
      )
    }
  }
}

/** The same, on plain maps. */
class Model {
  books = new Map<string, Book>()
  tickets = new Map<string, string>()

  write(steps: readonly Step[]): string {
    const before = [new Map(this.books), new Map(this.tickets)] as const
    for (const step of steps) {
      const problem = this.#step(step)
      if (problem === undefined) continue
      ;[this.books, this.tickets] = before
      return problem
    }
    return 'kept'
  }

  #step(step: Step): string | undefined {
    if (step.do === 'fail') return 'as planned'
    if (step.do === 'ticket') {
      if (this.tickets.has(step.id) || [...this.tickets.values()].includes(step.code)) {
        return this.tickets.has(step.id) ? 'E_CONFLICT key' : 'E_CONFLICT unique'
      }
      this.tickets.set(step.id, step.code)
    } else if (step.do === 'remove') this.tickets.delete(step.id)
    else {
      const stored = this.books.get(step.book.bookId)
      const { isbn } = step.book
      const shared =
        isbn !== undefined &&
        [...this.books.values()].some((b) => b.isbn === isbn && b.bookId !== step.book.bookId)
      const stale =
        step.do === 'insert'
          ? stored !== undefined
          : stored === undefined || (step.guess && stored.rev !== step.book.rev)
      if (stale) return `E_CONFLICT ${step.do === 'insert' ? 'key' : 'revision'}`
      if (shared) return 'E_CONFLICT unique'
      this.books.set(step.book.bookId, {
        ...step.book,
        rev: step.do === 'insert' ? 0 : (stored?.rev ?? 0) + 1,
      })
    }
    return undefined
  }

  list(query: BookQuery, scope: Scope): readonly string[] {
    const { atMost, atLeast } = query
    const after = query.cursor === undefined ? undefined : Buffer.from(query.cursor, 'base64url').toString()
    const number = (each: Book, field: string): number | undefined =>
      field === 'pages' ? each.pages : each.dueAt
    const found = [...this.books.values()].filter(
      (each) =>
        isVisible(Books, each, scope) &&
        Object.entries(query.where ?? {}).every(([field, value]) =>
          Object.entries(each).some(([f, v]) => f === field && v === value),
        ) &&
        (query.tagged?.tags === undefined || each.tags.includes(query.tagged.tags)) &&
        (atMost === undefined || (number(each, atMost.field) ?? Infinity) <= atMost.value) &&
        (atLeast === undefined || (number(each, atLeast.field) ?? -Infinity) >= atLeast.value) &&
        (query.filter?.(each) ?? true) &&
        (after === undefined || (query.order === 'oldest' ? each.bookId > after : each.bookId < after)),
    )
    const byKey = (a: Book, b: Book): number => (a.bookId < b.bookId ? -1 : 1)
    if (query.order === 'due')
      found.sort(
        (a, b) =>
          (number(a, atMost?.field ?? '') ?? 0) - (number(b, atMost?.field ?? '') ?? 0) || byKey(a, b),
      )
    else found.sort(query.order === 'oldest' ? byKey : (a, b) => byKey(b, a))
    return found.slice(0, query.limit).map((each) => each.bookId)
  }
}

function randomQuery(roll: Dice): BookQuery {
  const order = roll.one(['newest', 'oldest', 'due'] as const)
  const field = roll.one(['pages', 'dueAt'] as const)
  const pages = roll.below(10)
  return {
    limit: 1 + roll.below(30),
    order,
    ...(order === 'due' || roll.below(4) === 0 ? { atMost: { field, value: roll.below(60) - 10 } } : {}),
    ...(roll.below(4) === 0
      ? { atLeast: { field: roll.one(['pages', 'dueAt'] as const), value: roll.below(40) - 10 } }
      : {}),
    ...(roll.below(3) === 0 ? { tagged: { tags: roll.one(['a', 'b', 'none']) } } : {}),
    ...(roll.below(4) === 0 ? { filter: (each: Book) => (each.pages ?? 0) < pages } : {}),
    ...(order !== 'due' && roll.below(3) === 0 ? { cursor: writeCursor(keyOf(roll.below(80))) } : {}),
    where: {
      ...(roll.below(3) === 0 ? { status: roll.one(['draft', 'open', 'gone'] as const) } : {}),
      ...(roll.below(4) === 0 ? { shelf: roll.one(['x', 'é', 'none']) } : {}),
      ...(roll.below(5) === 0 ? { ownerId: roll.one(actors) } : {}),
      ...(roll.below(6) === 0 ? { signed: roll.below(2) === 0 } : {}),
    },
  }
}

async function outcome(store: MarketStore, steps: readonly Step[]): Promise<string> {
  return store
    .write((tx) => act(tx, steps))
    .then(
      () => 'kept',
      (error: unknown) =>
        isMarketError(error)
          ? `${error.code} ${String(error.details?.['reason'])}`
          : error instanceof Error
            ? error.message
            : 'unknown',
    )
}

const given = process.env['STORE_SEED']
const seeds = given === undefined ? [1, 2, 3, Math.floor(Math.random() * 2 ** 31)] : [Number(given)]

describe.each(seeds)('with STORE_SEED=%d, every backend', { timeout: 60_000 }, (seed) => {
  it('ends every write alike, and holds and lists the same as the model', async () => {
    const roll = dice(seed)
    const model = new Model()
    const directories = backends.map(newDirectory)
    const openAll = () =>
      Promise.all(backends.map((kind, at) => opened(kind, { directory: directories[at] ?? '' })))
    let stores = await openAll()
    for (let round = 0; round < 12; round++) {
      const writes = Array.from({ length: 25 }, () => randomWrite(roll))
      const expected = writes.map((steps) => model.write(steps))
      for (const store of stores) {
        const outcomes = await Promise.all(writes.map((steps) => outcome(store, steps)))
        expect({ backend: store.backend, round, outcomes }).toEqual({
          backend: store.backend,
          round,
          outcomes: expected,
        })
      }
      const roots = await Promise.all(stores.map(stateRoot))
      expect(new Set(roots).size).toBe(1)
      await Promise.all(stores.map((store) => store.close()))
      stores = await openAll()
      expect(await Promise.all(stores.map(stateRoot))).toEqual(roots)
      for (let n = 0; n < 40; n++) {
        const query = randomQuery(roll)
        const scope = roll.one([market, nobody, as(alice), as(bob), as(carol)])
        const pages = await Promise.all(
          stores.map((store) => store.read(scope, (tx) => tx.list(Books, query))),
        )
        for (const page of pages) {
          const listed = page.items.map((each) => each.bookId)
          expect({ query, scope, listed }).toEqual({ query, scope, listed: model.list(query, scope) })
          expect(page).toStrictEqual(pages[0])
        }
      }
    }
    for (const store of stores) {
      const { items } = await store.read(market, (tx) => tx.list(Books, { limit: 1000 }))
      expect(items).toStrictEqual([...model.books.values()].sort((a, b) => (a.bookId < b.bookId ? 1 : -1)))
      const tickets = await store.read(market, (tx) => tx.list(Tickets, { limit: 1000 }))
      expect(Object.fromEntries(tickets.items.map((each) => [each.ticketId, each.code]))).toEqual(
        Object.fromEntries(model.tickets),
      )
    }
  })
})
