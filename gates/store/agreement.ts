/**
 * One random history, driven into every backend and into the model: the same outcomes, the same state root, the same lists
 * for random queries through random eyes, also after the stores have been closed and opened again.
 */
import { expect } from 'vitest'
import { isMarketError } from '@openclaw-market/protocol/errors'
import {
  alice,
  as,
  backends,
  bob,
  Books,
  carol,
  market,
  newDirectory,
  nobody,
  opened,
  Tickets,
} from '../../extensions/market-core/src/store/conformance/shelf.ts'
import { stateRoot } from '../../extensions/market-core/src/store/state-root.ts'
import type { MarketStore } from '../../extensions/market-core/src/store/store.ts'
import { diceOf } from '../run.ts'
import { act, randomQuery, randomWrite, type Step } from './shelf-history.ts'
import { ShelfModel } from './shelf-model.ts'

/** 'kept', or the code and reason of the refusal. */
export async function outcome(
  store: MarketStore,
  steps: readonly Step[],
  began?: () => void,
): Promise<string> {
  try {
    await store.write((tx) => {
      began?.()
      return act(tx, steps)
    })
    return 'kept'
  } catch (error) {
    if (isMarketError(error)) return `${error.code} ${String(error.details?.['reason'])}`
    return error instanceof Error ? error.message : 'unknown'
  }
}

/** @returns how many writes each backend was given */
export async function agreeOnShelves(seed: number): Promise<number> {
  const dice = diceOf(seed)
  const model = new ShelfModel()
  const directories = backends.map(newDirectory)
  const openAll = () =>
    Promise.all(backends.map((kind, at) => opened(kind, { directory: directories[at] ?? '' })))
  let stores = await openAll()
  let count = 0
  for (let round = 0; round < 12; round++) {
    const writes = Array.from({ length: 25 }, () => randomWrite(dice))
    const expected = writes.map((steps) => model.write(steps))
    count += writes.length
    for (const store of stores) {
      const outcomes = await Promise.all(writes.map((steps) => outcome(store, steps)))
      const { backend } = store
      expect({ backend, round, outcomes }).toEqual({ backend, round, outcomes: expected })
    }
    const roots = await Promise.all(stores.map(stateRoot))
    expect(new Set(roots).size).toBe(1)
    await Promise.all(stores.map((store) => store.close()))
    stores = await openAll()
    expect(await Promise.all(stores.map(stateRoot))).toEqual(roots)
    for (let n = 0; n < 40; n++) {
      const query = randomQuery(dice)
      const scope = dice.one([market, nobody, as(alice), as(bob), as(carol)])
      const pages = await Promise.all(stores.map((store) => store.read(scope, (tx) => tx.list(Books, query))))
      for (const page of pages) {
        const listed = page.items.map((each) => each.bookId)
        expect({ query, scope, listed }).toEqual({ query, scope, listed: model.list(query, scope) })
        expect(page).toStrictEqual(pages[0])
      }
    }
  }
  for (const store of stores) await holdsWhat(store, model)
  return count
}

export async function holdsWhat(store: MarketStore, model: ShelfModel): Promise<void> {
  const { items } = await store.read(market, (tx) => tx.list(Books, { limit: 1_000 }))
  expect(items).toStrictEqual([...model.books.values()].sort((a, b) => (a.bookId < b.bookId ? 1 : -1)))
  const tickets = await store.read(market, (tx) => tx.list(Tickets, { limit: 1_000 }))
  expect(Object.fromEntries(tickets.items.map((each) => [each.ticketId, each.code]))).toEqual(
    Object.fromEntries(model.tickets),
  )
}
