/**
 * The same random life of a market on every backend and on the reference: the same answers, the same state root, balances
 * and lists; and every invariant holds on each.
 */
import { expect } from 'vitest'
import { allCollections } from '@openclaw-market/protocol/entities/all'
import type { TObject } from '@sinclair/typebox'
import type { Envelope } from '@openclaw-market/protocol/errors'
import type { QueryOperation } from '@openclaw-market/protocol/operation'
import type { Principal } from '@openclaw-market/protocol/principal'
import { accountStatement } from '../../extensions/market-core/src/market/accounts/statement.ts'
import { accountBalance } from '../../extensions/market-core/src/market/accounts/balance.ts'
import { listTransfers } from '../../extensions/market-core/src/market/accounts/transfers.ts'
import { listLeases } from '../../extensions/market-core/src/market/leases/list.ts'
import { listResources } from '../../extensions/market-core/src/market/resources/list.ts'
import { listSettlements } from '../../extensions/market-core/src/market/settlements/list.ts'
import { statusSummary } from '../../extensions/market-core/src/market/status/summary.ts'
import { listUsage } from '../../extensions/market-core/src/market/usage/list.ts'
import { summarizeUsage } from '../../extensions/market-core/src/market/usage/summary.ts'
import { verifyRecords } from '../../extensions/market-core/src/market/verify/verify-records.ts'
import { backends, newDirectory, opened } from '../../extensions/market-core/src/store/conformance/shelf.ts'
import { stateRoot } from '../../extensions/market-core/src/store/state-root.ts'
import type { MarketStore } from '../../extensions/market-core/src/store/store.ts'
import { bareMarket, operator, type BareMarket } from '../money/bare-market.ts'
import { diceOf } from '../run.ts'
import { PlainStore } from './plain-store.ts'
import { principals, Trade, wallets } from './trade.ts'

type Ask = (on: BareMarket, cursor: object, who: Principal) => Promise<Envelope>

function asking<P extends TObject, R extends TObject>(query: QueryOperation<P, R>, params: object): Ask {
  return (on, cursor, who) => on.run(query, { ...params, ...cursor }, who)
}

const questions: readonly Ask[] = [
  asking(listLeases, { limit: 3 }),
  asking(listResources, { limit: 2 }),
  asking(listSettlements, { limit: 3 }),
  asking(listTransfers, { limit: 5 }),
  asking(listUsage, { limit: 5 }),
  asking(summarizeUsage, {}),
  asking(statusSummary, {}),
  asking(accountStatement, {}),
  asking(accountBalance, { currency: 'USDC' }),
]

export interface TradeFigures {
  steps: number
  done: number
}

export async function agreeOnTrade(seed: number, steps: number, figures: TradeFigures): Promise<void> {
  const directories = backends.map(newDirectory)
  const reference = new PlainStore()
  const openAll = async (): Promise<readonly MarketStore[]> => {
    const opening = backends.map((kind, at) =>
      opened(kind, { directory: directories[at] ?? '', collections: allCollections }),
    )
    return [reference, ...(await Promise.all(opening))]
  }
  let stores = await openAll()
  let markets = stores.map((store) => bareMarket(store, seed, wallets))
  const trade = new Trade(diceOf(seed), async (act) => {
    const answers: Envelope[] = []
    for (const on of markets) answers.push(await act(on))
    const [first = { ok: true }] = answers
    for (const answer of answers) expect(answer).toEqual(first)
    figures.done += first.ok ? 1 : 0
    return first
  })
  for (let step = 1; step <= steps; step++) {
    await trade.step()
    figures.steps++
    if (step % 20 === 0 || step === steps) await agree(stores, markets)
    if (step % 50 !== 0) continue
    const { now } = markets[0]?.clock ?? { now: 0 }
    await Promise.all(stores.map((store) => store.close()))
    stores = await openAll()
    // Another process: ids of its own, the same clock.
    markets = stores.map((store) => bareMarket(store, seed + step, wallets))
    for (const on of markets) on.clock.now = now + 1
  }
}

async function agree(stores: readonly MarketStore[], markets: readonly BareMarket[]): Promise<void> {
  const roots = await Promise.all(stores.map(stateRoot))
  expect(new Set(roots).size).toBe(1)
  for (const store of stores) {
    const { findings } = await store.read({ as: 'market' }, (tx) => verifyRecords(tx))
    expect(findings).toEqual([])
  }
  for (const who of [...principals, operator, { kind: 'anyone' } as const]) {
    for (const ask of questions) {
      let cursor: object | undefined = {}
      for (let page = 0; cursor !== undefined && page < 4; page++) {
        const asked: object = cursor
        const answers = await Promise.all(markets.map((on) => ask(on, asked, who)))
        for (const answer of answers) expect(answer).toEqual(answers[0])
        const next: unknown = answers[0]?.ok === true ? answers[0]['nextCursor'] : undefined
        cursor = next === undefined ? undefined : { cursor: next }
      }
    }
  }
}
