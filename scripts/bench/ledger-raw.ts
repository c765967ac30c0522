/**
 * better-sqlite3 by itself: the statements, tables, pragmas, savepoints and commits of the sqlite store, with rows that were
 * made before the clock started. What the store takes beyond this is the market's own work on a transfer.
 */
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { anyCollection } from '@openclaw-market/protocol/collection'
import { allCollections } from '@openclaw-market/protocol/entities/all'
import { Accounts, Transfers } from '@openclaw-market/protocol/entities/money'
import { accountId } from '../../extensions/market-core/src/ledger/account.ts'
import { applyPosting, touched } from '../../extensions/market-core/src/ledger/apply.ts'
import { layoutOf, rowOf, type Row } from '../../extensions/market-core/src/store/layout.ts'
import { openStore } from '../../extensions/market-core/src/store/open.ts'
import { openWriter } from '../../extensions/market-core/src/store/sqlite/connection.ts'
import { Statements } from '../../extensions/market-core/src/store/sqlite/statements.ts'
import { databaseName } from '../../extensions/market-core/src/store/sqlite/store.ts'
import { checkBooks, ids, postingOf, readAccounts, seed } from './ledger-traffic.ts'

export interface RawLedger {
  /** @returns seconds for `count` transfers, `batch` of them a commit. */
  run(count: number, batch: number): number
  close(): Promise<void>
}

interface Step {
  readonly reads: readonly string[]
  readonly updates: readonly { readonly key: string; readonly values: readonly unknown[] }[]
  readonly transfer: readonly unknown[]
}

export async function openRawLedger(directory: string): Promise<RawLedger> {
  const options = { directory, collections: allCollections }
  const store = await openStore('sqlite', options)
  await seed(store)
  const accounts = new Map(await readAccounts(store))
  await store.close()

  const database = openWriter(join(directory, databaseName))
  const [accountLayout, transferLayout] = [
    layoutOf(anyCollection(Accounts)),
    layoutOf(anyCollection(Transfers)),
  ]
  const [account, transfer] = [
    new Statements(database, accountLayout),
    new Statements(database, transferLayout),
  ]
  const [begin, commit] = [database.prepare('BEGIN IMMEDIATE'), database.prepare('COMMIT')]
  const [savepoint, release] = [database.prepare('SAVEPOINT write_'), database.prepare('RELEASE write_')]
  let total = 0

  const prepare = (writer: number): Step => {
    const posting = postingOf(writer)
    const { accounts: after, transfers } = applyPosting(posting, accounts, Date.now(), ids)
    const updates = after.map((entity) => {
      const row = rowOf(accountLayout, Accounts, entity, entity.rev + 1)
      accounts.set(entity.accountId, { ...entity, rev: row.rev })
      return { key: row.key, values: [row.rev, crc32(row.body), row.body, row.key] }
    })
    const [made] = transfers
    if (made === undefined) throw new Error('nothing was moved')
    const row = rowOf(transferLayout, Transfers, made, 0)
    return { reads: touched(posting).map(accountId), updates, transfer: inserted(row) }
  }

  const write = (step: Step): void => {
    savepoint.run()
    for (const key of step.reads) account.get.get(key)
    for (const { key, values } of step.updates) {
      account.before.get(key)
      account.update([]).run(values)
    }
    transfer.insert.run(step.transfer)
    release.run()
  }

  return {
    run(count, batch) {
      const steps = Array.from({ length: count }, (_, at) => prepare(at % batch))
      const startedAt = performance.now()
      for (let at = 0; at < count; at += batch) {
        begin.run()
        for (const step of steps.slice(at, at + batch)) write(step)
        commit.run()
      }
      total += count
      return (performance.now() - startedAt) / 1000
    },
    async close() {
      database.close()
      const again = await openStore('sqlite', options)
      await checkBooks(again, total)
      await again.close()
    },
  }
}

/** As the store inserts it. */
function inserted({ key, rev, columns, body }: Row): readonly unknown[] {
  return [key, rev, ...columns, crc32(body), body]
}
