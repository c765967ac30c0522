/** Opens what a crash has left and says what is wrong with it: one sentence, or undefined when nothing is. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allCollections } from '@openclaw-market/protocol/entities/all'
import { isMarketError } from '@openclaw-market/protocol/errors'
import { verifyRecords } from '../../extensions/market-core/src/market/verify/verify-records.ts'
import { openMarket } from '../../extensions/market-core/src/plugin/open-market.ts'
import { openStore } from '../../extensions/market-core/src/store/open.ts'
import type { MarketStore } from '../../extensions/market-core/src/store/store.ts'
import { diceOf } from '../run.ts'
import { contentOf } from './content.ts'
import type { Files } from './disk.ts'
import { storeIn, type Job } from './job.ts'
import { smallStore, writeNotes } from './notes.ts'
import { afterAll, tradeOptions } from './trade.ts'

/** Memory where there is some: hundreds of images a second are written and thrown away. */
export const imageRoot = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** Has `use` look at a directory with these files, which is gone afterwards. */
export async function withFiles<T>(files: Files, use: (home: string) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(imageRoot, 'crash-'))
  try {
    for (const [path, bytes] of files) {
      if (path.endsWith('/')) mkdirSync(join(home, path), { mode: 0o700 })
      else writeFileSync(join(home, path), bytes, { mode: 0o600 })
    }
    return await use(home)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

export function openJobStore({ workload, backend }: Job, home: string): Promise<MarketStore> {
  const directory = storeIn(home)
  return openStore(
    backend,
    workload === 'notes' ? smallStore(directory) : { directory, collections: allCollections },
  )
}

/** What a judgement compares a content with: the problem with it, or undefined. */
export type Expected = (content: bigint) => string | undefined

/** @param goesOn whether it also has to work on from there: it takes writes (a market: settles all), and has them when opened again */
export async function problemOf(
  job: Job,
  home: string,
  expected: Expected,
  goesOn: boolean,
): Promise<string | undefined> {
  try {
    return (await readAs(job, home, expected)) ?? (goesOn ? await goOn(job, home) : undefined)
  } catch (error) {
    return `could not be opened, read and written: ${String(error)}${isMarketError(error) ? ` (${String(error.cause)})` : ''}`
  }
}

async function readAs(job: Job, home: string, expected: Expected): Promise<string | undefined> {
  const store = await openJobStore(job, home)
  try {
    return (
      expected(await contentOf(store)) ?? (job.workload === 'trade' ? await findingsIn(store) : undefined)
    )
  } finally {
    await store.close()
  }
}

async function findingsIn(store: MarketStore): Promise<string | undefined> {
  const { findings } = await store.read({ as: 'market' }, (tx) => verifyRecords(tx))
  const [first] = findings
  return first && `breaks ${findings.length} rules: ${first.rule}, ${first.object}: ${first.message}`
}

async function goOn(job: Job, home: string): Promise<string | undefined> {
  if (job.workload === 'trade') return settleAll(job, home)
  const store = await openJobStore(job, home)
  await writeNotes((fn) => store.write(fn), diceOf(job.seed + 1), 1_000, 6)
  const content = await contentOf(store)
  await store.close()
  return readAs(job, home, (found) =>
    found === content ? undefined : 'does not keep what it takes after the crash',
  )
}

/** Opened twice, as a market that starts again does, and then so late that every window is over. */
async function settleAll(job: Job, home: string): Promise<string | undefined> {
  if (job.keys === undefined) throw new Error('a market needs keys')
  const clock = { now: afterAll }
  const reports: string[] = []
  const options = tradeOptions(job.backend, home, job.keys, clock, (what, error) => {
    reports.push(`${what}: ${String(error)}`)
  })
  for (let start = 0; start < 2; start++) {
    const market = await openMarket(options)
    try {
      for (let sweep = 0; sweep < 3; sweep++, clock.now += 86_400_000) await market.sweep(1_000)
      const problem = (await findingsIn(market.store)) ?? reports[0]
      if (problem !== undefined) return `as a market that starts again: ${problem}`
    } finally {
      await market.close()
    }
  }
  return undefined
}
