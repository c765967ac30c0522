import fc from 'fast-check'
import type { MarketStore } from '../../extensions/market-core/src/store/store.ts'
import { replayLine, seedOfRun } from '../run.ts'

export type OnEachStore = (use: (store: MarketStore) => Promise<void>) => Promise<void>

/** Runs a property from the seed of this run. @throws what fast-check found, shrunk, and the line that finds it again */
export async function search<T>(
  property: fc.IProperty<T> | fc.IAsyncProperty<T>,
  numRuns: number,
): Promise<void> {
  try {
    await fc.assert(property, { seed: seedOfRun(), numRuns })
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${replayLine('money')}`, {
      cause: error,
    })
  }
}

/** A bigint where things are decided: around zero, small, and as large as may be written. */
export function upTo(most: bigint, least = 0n): fc.Arbitrary<bigint> {
  return fc.oneof(
    fc.bigInt(least, least + 12n),
    fc.bigInt(least, 10n ** 6n),
    fc.bigInt(least, most),
    fc.bigInt(0n, 12n).map((below) => most - below),
  )
}
