import { Accounts, Transfers, type Account } from '@openclaw-market/protocol/entities/money'
import type { IdSource } from '@openclaw-market/protocol/ids'
import type { WriteTx } from '../store/store.ts'
import { accountId } from './account.ts'
import { applyPosting, touched, type Posting } from './apply.ts'

/** Applies the money rules to the accounts of this write. */
export async function post(tx: WriteTx, posting: Posting, now: number, ids: IdSource): Promise<void> {
  if (posting.movements.length === 0 && posting.holds.length === 0) return
  const existing = new Map<string, Account>()
  for (const ref of touched(posting)) {
    const account = await tx.get(Accounts, accountId(ref))
    if (account !== undefined) existing.set(account.accountId, account)
  }
  const { accounts, transfers } = applyPosting(posting, existing, now, ids)
  for (const account of accounts) {
    await (existing.has(account.accountId) ? tx.update(Accounts, account) : tx.insert(Accounts, account))
  }
  for (const transfer of transfers) await tx.insert(Transfers, transfer)
}
