/** Random writes and queries over the small collections of the conformance suite, which have every trait there is. */
import { isMarketError } from '@openclaw-market/protocol/errors'
import {
  alice,
  bob,
  book,
  Books,
  carol,
  keyOf,
  Tickets,
  type Book,
} from '../../extensions/market-core/src/store/conformance/shelf.ts'
import { writeCursor } from '../../extensions/market-core/src/store/page.ts'
import type { Query, WriteTx } from '../../extensions/market-core/src/store/store.ts'
import type { Dice } from '../run.ts'

export type BookQuery = Query<typeof Books.schema>

const actors = [alice, bob, carol]

function maybe<K extends string, V>(dice: Dice, field: K, value: V): { [F in K]?: V } {
  const fields: { [F in K]?: V } = {}
  if (!dice.oneIn(3)) fields[field] = value
  return fields
}

function randomBook(dice: Dice, id: string, rev: number): Book {
  return book(id, {
    rev,
    status: dice.one(['draft', 'open', 'gone']),
    tags: Array.from({ length: dice.below(4) }, () => dice.one(['a', 'b', 'c'])),
    price: BigInt(dice.below(1000)) ** 9n,
    ...maybe(dice, 'ownerId', dice.one(actors)),
    ...maybe(dice, 'holderId', dice.one(actors)),
    ...maybe(dice, 'shelf', dice.one(['x', 'y', '', 'é'])),
    ...maybe(dice, 'signed', dice.oneIn(2)),
    ...maybe(dice, 'pages', dice.below(20) - 10),
    ...maybe(dice, 'isbn', `i${dice.below(60)}`),
    ...maybe(dice, 'dueAt', dice.below(50)),
  })
}

export type Step =
  | { readonly do: 'insert'; readonly book: Book }
  /** Made from the stored revision, or from the book's own guess at it. */
  | { readonly do: 'update'; readonly book: Book; readonly guess: boolean }
  | { readonly do: 'ticket'; readonly id: string; readonly code: string }
  | { readonly do: 'remove'; readonly id: string }
  | { readonly do: 'fail' }
  /** Goes on when it clashes: what was written before stays. */
  | { readonly do: 'attempt'; readonly book: Book }
  /** Waits for reads of the transaction only, some of them at once. */
  | { readonly do: 'look'; readonly ids: readonly string[] }

/** The steps of one write; some of them are bound to clash. */
export function randomWrite(dice: Dice): readonly Step[] {
  return Array.from({ length: 1 + dice.below(4) }, (): Step => {
    const id = keyOf(dice.below(80))
    switch (dice.below(12)) {
      case 0:
        return { do: 'ticket', id, code: `c${dice.below(40)}` }
      case 1:
        return { do: 'remove', id }
      case 2:
        return dice.oneIn(4) ? { do: 'fail' } : { do: 'insert', book: randomBook(dice, id, 0) }
      case 3:
      case 4:
      case 5:
        return { do: 'insert', book: randomBook(dice, id, 0) }
      case 6:
        return { do: 'look', ids: Array.from({ length: dice.below(5) }, () => keyOf(dice.below(80))) }
      case 7:
        return { do: 'attempt', book: randomBook(dice, id, 0) }
      default:
        return { do: 'update', book: randomBook(dice, id, dice.below(3)), guess: dice.oneIn(3) }
    }
  })
}

export async function act(tx: WriteTx, steps: readonly Step[]): Promise<void> {
  for (const step of steps) await takeStep(tx, step)
}

async function takeStep(tx: WriteTx, step: Step): Promise<void> {
  switch (step.do) {
    case 'fail':
      throw new RangeError('as planned')
    case 'insert':
      return tx.insert(Books, step.book)
    case 'attempt':
      return tx.insert(Books, step.book).catch((error: unknown) => {
        if (!isMarketError(error)) throw error
      })
    case 'ticket':
      return tx.insert(Tickets, { rev: 0, ticketId: step.id, code: step.code, tags: [step.code], dueAt: 1 })
    case 'remove':
      return tx.remove(Tickets, step.id)
    case 'look':
      await Promise.all(step.ids.map((id) => tx.get(Books, id)))
      await tx.list(Books, { where: { status: 'open' }, limit: 3 })
      return
    case 'update': {
      const stored = await tx.get(Books, step.book.bookId)
      const { book: made, guess } = step
      return tx.update(Books, guess || stored === undefined ? made : { ...made, rev: stored.rev })
    }
  }
}

export function randomQuery(dice: Dice): BookQuery {
  const order = dice.one(['newest', 'oldest', 'due'] as const)
  const field = dice.one(['pages', 'dueAt'] as const)
  const pages = dice.below(10)
  return {
    limit: 1 + dice.below(30),
    order,
    ...(order === 'due' || dice.oneIn(4) ? { atMost: { field, value: dice.below(60) - 10 } } : {}),
    ...(dice.oneIn(4)
      ? { atLeast: { field: dice.one(['pages', 'dueAt'] as const), value: dice.below(40) - 10 } }
      : {}),
    ...(dice.oneIn(3) ? { tagged: { tags: dice.one(['a', 'b', 'none']) } } : {}),
    ...(dice.oneIn(4) ? { filter: (each: Book) => (each.pages ?? 0) < pages } : {}),
    ...(order !== 'due' && dice.oneIn(3) ? { cursor: writeCursor(keyOf(dice.below(80))) } : {}),
    where: {
      ...(dice.oneIn(3) ? { status: dice.one(['draft', 'open', 'gone'] as const) } : {}),
      ...(dice.oneIn(4) ? { shelf: dice.one(['x', 'é', 'none']) } : {}),
      ...(dice.oneIn(5) ? { ownerId: dice.one(actors) } : {}),
      ...(dice.oneIn(6) ? { signed: dice.oneIn(2) } : {}),
    },
  }
}
