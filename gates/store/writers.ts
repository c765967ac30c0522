/**
 * Many writers at once, each with a history of its own: what a write that fails has begun is gone, what another has done
 * stays, and everything comes out as if the writes had run one after the other in the order in which they began. Readers
 * beside them see a moment between two writes, never the middle of one.
 */
import { expect } from 'vitest'
import {
  backends,
  Books,
  market,
  opened,
  type Backend,
  type Book,
} from '../../extensions/market-core/src/store/conformance/shelf.ts'
import { diceOf } from '../run.ts'
import { holdsWhat, outcome } from './agreement.ts'
import { randomWrite, type Step } from './shelf-history.ts'
import { ShelfModel } from './shelf-model.ts'

interface Begun {
  readonly steps: readonly Step[]
  outcome: string
}

/** @returns how many writes there were, on every backend together */
export async function interleave(seed: number): Promise<number> {
  let count = 0
  for (const backend of backends) count += await interleaveOn(backend, seed)
  return count
}

async function interleaveOn(backend: Backend, seed: number): Promise<number> {
  const store = await opened(backend)
  const dice = diceOf(seed)
  const log: Begun[] = []
  const seen: Map<string, Book>[] = []
  const writers = { busy: 0 }
  const write = async (steps: readonly Step[]): Promise<void> => {
    const begun: Begun = { steps, outcome: 'never told' }
    begun.outcome = await outcome(store, steps, () => void log.push(begun))
  }
  const writer = async (writes: readonly (readonly Step[])[]): Promise<void> => {
    writers.busy++
    for (const [i, steps] of writes.entries()) {
      // Some wait for what they wrote, some send the next at once.
      const sent = write(steps)
      if (i % 3 !== 0) await sent
      else await Promise.all([sent, write(writes[(i + 1) % writes.length] ?? steps)])
    }
    writers.busy--
  }
  const reader = async (): Promise<void> => {
    while (writers.busy > 0) {
      const moment = await store.read(market, async (tx) => {
        const first = await tx.list(Books, { order: 'oldest', limit: 1_000 })
        const again = await tx.list(Books, { order: 'oldest', limit: 1_000 })
        expect(again).toEqual(first)
        return new Map(first.items.map((each) => [each.bookId, each]))
      })
      if (seen.length < 200) seen.push(moment)
      await new Promise((done) => setImmediate(done))
    }
  }
  const histories = Array.from({ length: 12 }, () => Array.from({ length: 12 }, () => randomWrite(dice)))
  await Promise.all([...histories.map(writer), reader(), reader()])
  const model = new ShelfModel()
  const moments = [new Map<string, Book>()]
  for (const begun of log) {
    expect(begun.outcome).toBe(model.write(begun.steps))
    moments.push(new Map(model.books))
  }
  await holdsWhat(store, model)
  const texts = new Set(moments.map(textOf))
  for (const moment of seen) expect(texts.has(textOf(moment))).toBe(true)
  await store.close()
  return log.length
}

function textOf(books: ReadonlyMap<string, Book>): string {
  const revisions = [...books.values()].map(({ bookId, rev, price }) => `${bookId} ${rev} ${price}`)
  return revisions.sort().join('\n')
}
