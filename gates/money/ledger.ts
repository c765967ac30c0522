/** Any history of postings against the oracle: the same verdicts, the same pages, and books that add up by themselves. */
import fc from 'fast-check'
import { expect } from 'vitest'
import { balanceOf, freeOf } from '../../extensions/market-core/src/ledger/account.ts'
import type { Posting } from '../../extensions/market-core/src/ledger/apply.ts'
import { Oracle } from './oracle.ts'
import { currencies, keepInStore, keepPurely, posting, type Kept, type Ledger } from './postings.ts'
import { search, type OnEachStore } from './search.ts'

export interface LedgerFigures {
  postings: number
  refused: number
}

const histories = fc.array(posting, { minLength: 10, maxLength: 60, size: 'max' })

/** Over the pure rules, looking at everything after every posting. */
export async function searchRules(runs: number, figures: LedgerFigures): Promise<void> {
  await search(
    fc.property(histories, (history) => {
      const kept = keepPurely(history, addsUp)
      agrees(kept, history, figures)
    }),
    runs,
  )
}

/** Over real stores, where a refused posting is undone within a batch that others are in. */
export async function searchStores(
  onEachStore: OnEachStore,
  runs: number,
  figures: LedgerFigures,
): Promise<void> {
  await search(
    fc.asyncProperty(histories, async (history) => {
      await onEachStore(async (store) => {
        const kept = await keepInStore(store, history)
        addsUp(kept)
        agrees(kept, history, figures)
      })
    }),
    runs,
  )
}

/** By the books' own figures alone. */
function addsUp({ accounts, transfers }: Ledger): void {
  for (const currency of currencies) {
    const own = accounts.filter((account) => account.currency === currency)
    const sum = (side: 'debits' | 'credits'): bigint =>
      own.reduce((total, account) => total + account[side], 0n)
    expect(sum('debits'), `debits in ${currency}`).toBe(sum('credits'))
  }
  const replayed = new Map<string, bigint>()
  const move = (id: string, by: bigint): void => void replayed.set(id, (replayed.get(id) ?? 0n) + by)
  for (const { debitAccountId, creditAccountId, amount } of transfers) {
    expect(amount > 0n).toBe(true)
    move(debitAccountId, -amount)
    move(creditAccountId, amount)
  }
  for (const account of accounts) {
    const { accountId, debits, credits, held, committed } = account
    expect(credits - debits, `${accountId} against the replay`).toBe(replayed.get(accountId) ?? 0n)
    for (const figure of [balanceOf(account), freeOf(account), held, committed])
      expect(figure >= 0n, `${accountId} is not below zero`).toBe(true)
  }
}

/** By what the oracle says of the same history. */
function agrees(
  { accounts, transfers, verdicts }: Kept,
  history: readonly Posting[],
  figures: LedgerFigures,
): void {
  const oracle = new Oracle()
  const expected = history.map((each) => oracle.post(each))
  expect(verdicts).toEqual(expected)
  expect(transfers.length).toBe(oracle.transfers)
  const shown = accounts.map(({ accountId, credits, debits, held, committed }) => [
    accountId,
    { in: credits, out: debits, held, committed },
  ])
  expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(oracle.pages))
  figures.postings += history.length
  figures.refused += expected.filter((verdict) => verdict !== 'kept').length
}
