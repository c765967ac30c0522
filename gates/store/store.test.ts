/** The store gate (DESIGN §§4, 6, 16: STORE, ATOMIC): backends agree, writers lose nothing of each other, and nobody sees what is not theirs. */
import { afterAll, expect, it } from 'vitest'
import { backends } from '../../extensions/market-core/src/store/conformance/shelf.ts'
import { replayLine, seedOfRun, sized } from '../run.ts'
import { agreeOnShelves } from './agreement.ts'
import { agreeOnTrade, type TradeFigures } from './trade-agreement.ts'
import { lookWithEveryEye } from './eyes.ts'
import { findNothingHidden } from './hidden.ts'
import { interleave } from './writers.ts'

const figures = { shelves: 0, writers: 0, looks: 0, answers: 0 }
const trade: TradeFigures = { steps: 0, done: 0 }

afterAll(() => {
  const said = (n: number): string => n.toLocaleString('en-US')
  process.stdout.write(
    `store: ${said(figures.shelves)} writes agree, ${said(figures.writers)} of concurrent writers, ` +
      `${said(trade.steps)} steps of trade (${said(trade.done)} done), ${said(figures.looks)} looks, ${said(figures.answers)} answers, 0 bad\n`,
  )
})

/** Each history from a seed of its own, which its failure names. */
async function histories(count: number, run: (seed: number) => Promise<void>): Promise<void> {
  for (let n = 0; n < count; n++) {
    const seed = (seedOfRun() + n) % 2 ** 31
    try {
      await run(seed)
    } catch (error) {
      throw new Error(
        `${error instanceof Error ? error.message : String(error)}\n${replayLine('store', seed)}`,
        {
          cause: error,
        },
      )
    }
  }
}

it('every backend ends every write alike, and holds and lists the same as the model', async () => {
  await histories(sized(2, 60), async (seed) => {
    figures.shelves += await agreeOnShelves(seed)
  })
  expect(figures.shelves).toBeGreaterThan(500)
})

it('the same trade on every backend comes to the same state root, balances and lists', async () => {
  await histories(sized(2, 40), (seed) => agreeOnTrade(seed, sized(150, 400), trade))
  expect(trade.done).toBeGreaterThan(trade.steps / 3)
})

it('writers at once, some of them failing, come out as one after the other', async () => {
  await histories(sized(3, 100), async (seed) => {
    figures.writers += await interleave(seed)
  })
  expect(figures.writers).toBeGreaterThan(500)
})

it('nobody finds in a store what is not theirs to see, whatever they ask', async () => {
  await histories(sized(1, 20), async (seed) => {
    figures.looks += await lookWithEveryEye(seed)
  })
  expect(figures.looks).toBeGreaterThan(1_000)
})

it('what others do among themselves changes no answer that one gets', async () => {
  await histories(sized(1, 12), async (seed) => {
    for (const backend of backends) figures.answers += await findNothingHidden(backend, seed, sized(60, 200))
  })
  expect(figures.answers).toBeGreaterThan(1_000)
})
