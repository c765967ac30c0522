/**
 * Ending a lease on another market. The wish is on disk before it is sent and until its market has confirmed it; a market
 * that cannot be reached, or whose answer was lost, is asked again by and by. A lease ends once: a market that has ended it
 * already says so, and is then asked how.
 */
import { isMarketError, type ErrorCode, type MarketError } from '@openclaw-market/protocol/errors'
import type { LeaseId } from '@openclaw-market/protocol/ids'
import type { LeaseView } from '@openclaw-market/protocol/views/lease'
import { endContracts } from '../resources/end-contract.ts'
import { leaseStatusContract } from '../resources/status-contract.ts'
import type { Web3 } from '../plugin/web3.ts'
import { isMoot, newWish, triedInVain, type EndWish } from './end-wish.ts'
import { notNamedAnyMore } from './find-lease.ts'
import type { RemoteMarket } from './remote-market.ts'
import type { VaultEntry } from './vault.ts'

/** The lease as its market has ended it, or the wish that waits. */
export type Ended = { readonly lease: LeaseView } | { readonly waiting: EndWish }

type Leased = VaultEntry & { readonly leaseId: LeaseId }

/** @throws MarketError what its market refuses; then nothing waits */
export function endElsewhere(
  web3: Web3,
  remote: RemoteMarket,
  leaseId: LeaseId,
  asked: Pick<EndWish, 'verb' | 'reason'>,
): Promise<Ended> {
  return web3.taking.inTurn(turnOf(leaseId), async () => {
    const earlier = web3.vault().byLease(leaseId)?.ending
    const wish = { ...newWish(asked, web3.now()), tries: earlier?.tries ?? 0 }
    await web3.vault().wishEnd(leaseId, wish)
    return attempt(web3, remote, leaseId, wish, earlier !== undefined)
  })
}

/** What waits and is due. Run at start and then again and again. */
export async function endWaiting(web3: Web3, stopping: AbortSignal): Promise<void> {
  for (const { leaseId } of waitingEnds(web3)) {
    if (stopping.aborted) return
    try {
      await web3.taking.inTurn(turnOf(leaseId), () => tryAgain(web3, leaseId))
    } catch (error) {
      web3.report('ending a lease on another market', error)
    }
  }
}

/** Oldest wish first. */
export function waitingEnds(web3: Web3): readonly (Leased & { readonly ending: EndWish })[] {
  return web3
    .vault()
    .list({ state: 'active' })
    .flatMap((entry) => {
      const { leaseId, ending } = entry
      return leaseId === undefined || ending === undefined ? [] : [{ ...entry, leaseId, ending }]
    })
    .sort((a, b) => a.ending.wishedAt - b.ending.wishedAt)
}

async function tryAgain(web3: Web3, leaseId: LeaseId): Promise<void> {
  const entry = web3.vault().byLease(leaseId)
  if (entry?.state !== 'active' || entry.ending === undefined) return
  if (isMoot(entry.expiresAt, web3.now())) {
    await web3.vault().close(leaseId)
    return
  }
  if (entry.ending.nextAt > web3.now()) return
  const remote = web3.markets.remotes.find(({ name }) => name === entry.market)
  if (remote === undefined) {
    await wait(web3, leaseId, entry.ending, notNamedAnyMore(entry.market))
    return
  }
  await attempt(web3, remote, leaseId, entry.ending, true)
}

/** @param again whether this lease may have been ended by an earlier try */
async function attempt(
  web3: Web3,
  remote: RemoteMarket,
  leaseId: LeaseId,
  wish: EndWish,
  again: boolean,
): Promise<Ended> {
  try {
    const lease = await send(remote, leaseId, wish)
    await closeEntry(web3, leaseId)
    return { lease }
  } catch (error) {
    if (!isMarketError(error)) throw error
    if (mayStillEnd(error.code)) return wait(web3, leaseId, wish, error)
    const ended = again && error.code === 'E_CONFLICT' ? await asEnded(remote, leaseId) : undefined
    if (ended === 'silent') return wait(web3, leaseId, wish, error)
    if (ended === undefined) {
      await web3.vault().wishEnd(leaseId, undefined)
      throw error
    }
    await closeEntry(web3, leaseId)
    return { lease: ended }
  }
}

async function send(remote: RemoteMarket, leaseId: LeaseId, { verb, reason }: EndWish): Promise<LeaseView> {
  const { lease } =
    verb === 'complete'
      ? await remote.call(endContracts.complete, { leaseId })
      : await remote.call(endContracts.revoke, { leaseId, ...(reason === undefined ? {} : { reason }) })
  return lease
}

/** An earlier try may have ended it, without our hearing so. */
async function asEnded(remote: RemoteMarket, leaseId: LeaseId): Promise<LeaseView | 'silent' | undefined> {
  try {
    const { lease } = await remote.call(leaseStatusContract, { leaseId })
    return lease.status === 'lease_active' ? undefined : lease
  } catch (error) {
    if (isMarketError(error)) return 'silent'
    throw error
  }
}

async function wait(web3: Web3, leaseId: LeaseId, wish: EndWish, { code }: MarketError): Promise<Ended> {
  const waiting = triedInVain(wish, code, web3.now())
  await web3.vault().wishEnd(leaseId, waiting)
  return { waiting }
}

/** The market has ended it, whether or not our vault can be written; then the wish waits to hear so once more. */
async function closeEntry(web3: Web3, leaseId: LeaseId): Promise<void> {
  try {
    await web3.vault().close(leaseId)
  } catch (error) {
    web3.report('closing the vault entry of an ended lease', error)
  }
}

function mayStillEnd(code: ErrorCode): boolean {
  return code === 'E_UNAVAILABLE' || code === 'E_TIMEOUT' || code === 'E_OUTCOME_UNKNOWN'
}

function turnOf(leaseId: LeaseId): string {
  return `end ${leaseId}`
}
