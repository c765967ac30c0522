/**
 * Durable transfers per second: one ledger transfer (two accounts changed, one transfer appended) a write of the store, by
 * one writer that waits for each, and by 64 that wait together. Beside sqlite, what better-sqlite3 does by itself. Blocks of
 * all of them take turns, so that whatever else the machine does falls on all alike.
 */
import { allCollections } from '@openclaw-market/protocol/entities/all'
import { post } from '../../extensions/market-core/src/ledger/post.ts'
import { openStore } from '../../extensions/market-core/src/store/open.ts'
import type { MarketStore } from '../../extensions/market-core/src/store/store.ts'
import { openRawLedger } from './ledger-raw.ts'
import { checkBooks, ids, postingOf, seed, writers } from './ledger-traffic.ts'
import { temporaryDirectory } from './places.ts'
import { seededRandom, shuffled } from './samples.ts'

export interface LedgerResult {
  /** Transfers per second. */
  readonly sqlite: {
    readonly oneWriter: number
    readonly writers64: number
    readonly rawOneWriter: number
    readonly rawWriters64: number
  }
  readonly file: { readonly oneWriter: number; readonly writers64: number }
}

const rounds = 6
const each = { one: 200, many: 50 * writers } as const

interface Lane {
  readonly width: 1 | typeof writers
  /** @returns the seconds that it took. */
  run(count: number): Promise<number> | number
  done: number
  seconds: number
}

export async function benchLedger(progress: (text: string) => void): Promise<LedgerResult> {
  progress('ledger: sqlite, better-sqlite3 by itself, file')
  const raw = await openRawLedger(temporaryDirectory('raw'))
  const sqlite = await openLedger('sqlite')
  const file = await openLedger('file')
  const laneOf = (width: Lane['width'], run: Lane['run']): Lane => ({ width, run, done: 0, seconds: 0 })
  const both = (run: (count: number, width: Lane['width']) => Promise<number> | number) => ({
    one: laneOf(1, (count) => run(count, 1)),
    many: laneOf(writers, (count) => run(count, writers)),
  })
  const lanes = { sqlite: both(sqlite.run), raw: both(raw.run), file: both(file.run) }
  const all = Object.values(lanes).flatMap(({ one, many }) => [one, many])
  const random = seededRandom(1)
  for (let round = -1; round < rounds; round += 1) {
    for (const lane of shuffled(all, random)) {
      const count = lane.width === 1 ? each.one : each.many
      const seconds = await lane.run(count)
      if (round < 0) continue
      lane.done += count
      lane.seconds += seconds
    }
  }
  await Promise.all([raw.close(), sqlite.close(), file.close()])
  return {
    sqlite: {
      oneWriter: rate(lanes.sqlite.one),
      writers64: rate(lanes.sqlite.many),
      rawOneWriter: rate(lanes.raw.one),
      rawWriters64: rate(lanes.raw.many),
    },
    file: { oneWriter: rate(lanes.file.one), writers64: rate(lanes.file.many) },
  }
}

async function openLedger(backend: MarketStore['backend']) {
  const options = { directory: temporaryDirectory(backend), collections: allCollections }
  const store = await openStore(backend, options)
  await seed(store)
  let total = 0
  const writer = async (at: number, count: number): Promise<void> => {
    const posting = postingOf(at)
    for (let i = 0; i < count; i += 1) await store.write((tx) => post(tx, posting, Date.now(), ids))
  }
  return {
    async run(count: number, width: number): Promise<number> {
      const startedAt = performance.now()
      await Promise.all(Array.from({ length: width }, (_, at) => writer(at, count / width)))
      total += count
      return (performance.now() - startedAt) / 1000
    },
    /** Opens it again: what counts is what a restart finds. */
    async close(): Promise<void> {
      await store.close()
      const again = await openStore(backend, options)
      await checkBooks(again, total)
      await again.close()
    },
  }
}

const rate = ({ done, seconds }: Lane): number => Math.round(done / seconds)
