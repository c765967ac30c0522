/**
 * After a crash or a lost answer, a pending vault entry is a lease that exists, or one that was never paid. The market
 * knows which: it is asked for the lease of the token's hash.
 */
import { isMarketError } from '@openclaw-market/protocol/errors'
import type { Web3 } from '../plugin/web3.ts'
import { activateEntry } from './activate-entry.ts'
import { settleLeaseSpend } from './budget.ts'
import { findLease } from './find-lease.ts'
import { localName } from './markets.ts'
import type { VaultEntry } from './vault.ts'

/** The entry, active, when its lease exists; undefined when there is none now. @throws MarketError when nobody can tell. */
export async function recoverEntry(web3: Web3, entry: VaultEntry): Promise<VaultEntry | undefined> {
  const lease = await findLease(web3, entry)
  if (lease === undefined) return undefined
  const { leaseId, orderId, expiresAt } = lease
  return activateEntry(web3, entry, { leaseId, orderId, expiresAt })
}

/** For how long another market may take up a request that was sent: it is signed for 60 s, and clocks differ. */
const onItsWayMs = 120_000

/**
 * Whether a request for this lease may still be on its way. Here it ends with the process that made it; to another market
 * one may have been sent until this process began, or until a try of ours was lost.
 */
export function mayStillCome(
  { now, startedAt, taking }: Web3,
  { market, createdAt, idempotencyKey }: VaultEntry,
): boolean {
  if (market === localName) return false
  return now() < Math.max(startedAt, createdAt, taking.lostAt(idempotencyKey) ?? 0) + onItsWayMs
}

/** Resolves every pending entry that can be resolved now. Run at start and then again and again. */
export async function recoverPending(web3: Web3, stopping: AbortSignal): Promise<void> {
  for (const { idempotencyKey, tokenHash } of web3.vault().pending()) {
    if (stopping.aborted) return
    try {
      await web3.taking.inTurn(idempotencyKey, () => recoverOne(web3, tokenHash))
    } catch (error) {
      if (!isMarketError(error)) web3.report('recovery of a lease', error)
    }
  }
}

async function recoverOne(web3: Web3, tokenHash: string): Promise<void> {
  const vault = web3.vault()
  const entry = vault.pending().find((each) => each.tokenHash === tokenHash)
  if (entry === undefined || (await recoverEntry(web3, entry)) !== undefined) return
  if (mayStillCome(web3, entry)) return
  // In this order: what is given back twice is given back once, what is forgotten is never given back.
  await settleLeaseSpend(web3, tokenHash, 0n)
  await vault.discard(tokenHash)
}
