/**
 * The money gate (DESIGN §5, LEDGER): properties of ledger, prices, escrow and idempotency against rules that are written
 * down once more, in another way, beside them.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { allCollections } from '@openclaw-market/protocol/entities/all'
import { openStore } from '../../extensions/market-core/src/store/open.ts'
import { sized } from '../run.ts'
import { searchAnswers, type AnswerFigures } from './answers.ts'
import { searchEscrow } from './escrow.ts'
import { searchRules, searchStores, type LedgerFigures } from './ledger.ts'
import { searchPrices } from './prices.ts'
import type { OnEachStore } from './search.ts'

const ledger: LedgerFigures = { postings: 0, refused: 0 }
const answers: AnswerFigures = { requests: 0, repeated: 0, refused: 0 }
const figures = { prices: 0, steps: 0 }

/** A new store of each kind, one after the other, that is gone afterwards. */
const onEachStore: OnEachStore = async (use) => {
  for (const backend of ['sqlite', 'file'] as const) {
    const directory = mkdtempSync(join(tmpdir(), 'money-gate-'))
    try {
      const store = await openStore(backend, { directory, collections: allCollections })
      try {
        await use(store)
      } finally {
        await store.close()
      }
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

afterAll(() => {
  const said = (n: number): string => n.toLocaleString('en-US')
  process.stdout.write(
    `money: ${said(ledger.postings)} postings (${said(ledger.refused)} refused), ${said(figures.steps)} steps of leases, ` +
      `${said(figures.prices)} sums of prices, ${said(answers.requests)} requests (${said(answers.repeated)} repeated), 0 bad\n`,
  )
})

it('a price is exact: half up on the running total, however usage is split, and never above its ceiling', async () => {
  figures.prices = await searchPrices(sized(2_000, 100_000))
  expect(figures.prices).toBeGreaterThan(5_000)
})

it('a ledger adds up, keeps nothing below zero, and refuses what the rules refuse', async () => {
  await searchRules(sized(250, 8_000), ledger)
  expect(Math.min(ledger.refused, ledger.postings - ledger.refused)).toBeGreaterThan(ledger.postings / 10)
})

it('a ledger in a store is the same one, also when refused postings share a commit with others', async () => {
  const before = ledger.postings
  await searchStores(onEachStore, sized(12, 300), ledger)
  expect(ledger.postings - before).toBeGreaterThan(500)
})

it('an escrow covers what is promised, and is empty exactly when its settlement is final', async () => {
  figures.steps = await searchEscrow(sized(500, 20_000))
  expect(figures.steps).toBeGreaterThan(2_000)
})

it('a repeated request is answered as before and moves nothing; its key is good for no other', async () => {
  await searchAnswers(onEachStore, sized(6, 150), answers)
  expect(Math.min(answers.repeated, answers.refused)).toBeGreaterThan(answers.requests / 20)
})
