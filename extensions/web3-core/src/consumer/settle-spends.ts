/** What leases of other markets came to, asked for until it is known: only then is what they did not use free again. */
import { leaseSpendKey } from '@openclaw-market/market-core'
import { Spends } from '@openclaw-market/protocol/entities/policy'
import { isMarketError } from '@openclaw-market/protocol/errors'
import type { Web3 } from '../plugin/web3.ts'
import { settleLeaseSpend } from './budget.ts'
import { findLease } from './find-lease.ts'
import type { VaultEntry } from './vault.ts'

/** Asked for at a time; the rest waits for the next. */
const most = 50

/** Run again and again. Goes on from where the last run stopped, so that markets that do not answer hold up nobody. */
export async function settleSpends(
  web3: Web3,
  stopping: AbortSignal,
  from: string | undefined,
): Promise<string | undefined> {
  const page = await web3.market().store.read({ as: 'market' }, (tx) =>
    tx.list(Spends, {
      where: { status: 'spend_open' as const },
      filter: ({ what }) => what === 'lease_elsewhere',
      order: 'oldest',
      limit: most,
      ...(from === undefined ? {} : { cursor: from }),
    }),
  )
  if (page.items.length === 0) return undefined
  const entries = new Map(
    web3
      .vault()
      .list()
      .map((entry) => [leaseSpendKey(entry.tokenHash), entry]),
  )
  for (const { spendKey } of page.items) {
    if (stopping.aborted) return undefined
    const entry = entries.get(spendKey)
    if (entry !== undefined) await settleOne(web3, entry)
  }
  return page.nextCursor
}

async function settleOne(web3: Web3, entry: VaultEntry): Promise<void> {
  const over = entry.state === 'closed' || (entry.state === 'active' && (entry.expiresAt ?? 0) <= web3.now())
  if (!over) return
  try {
    const lease = await findLease(web3, entry)
    if (lease === undefined || lease.settlementStatus === 'settlement_locked') return
    await settleLeaseSpend(web3, entry.tokenHash, lease.metered)
  } catch (error) {
    // Another market that does not answer is asked again.
    if (!isMarketError(error)) web3.report('what a lease came to', error)
  }
}
