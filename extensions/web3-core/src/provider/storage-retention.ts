/**
 * What happens to stored files when a lease is over: they stay for as many days as its policy says, and go when the
 * consumer has not come back by then. Looks at ended leases a page at a time and can stop and start again anywhere:
 * removing what is gone already does nothing.
 */
import type { Market } from '@openclaw-market/market-core'
import { Leases, type Lease } from '@openclaw-market/protocol/entities/lease'
import { effectivePolicy } from '@openclaw-market/protocol/entities/resource'
import { isMarketError, MarketError } from '@openclaw-market/protocol/errors'
import type { Backend } from './backends/backend.ts'
import { describeDefect } from './faults.ts'
import { tenantOf } from './tenant.ts'
import { inTurn } from './tenant-turns.ts'

export interface RetentionEnvironment {
  readonly market: () => Market
  readonly backends: ReadonlyMap<string, Backend>
  /** What is handed over names no path. Must not throw. */
  readonly report: (what: string, error: unknown) => void
}

const endStates = ['lease_completed', 'lease_revoked', 'lease_expired'] as const

/** Where the next pass goes on. */
export interface RetentionPosition {
  readonly status: (typeof endStates)[number]
  readonly cursor?: string
}

export interface RetentionSweep {
  readonly examined: number
  /** Tenants whose files were removed now, or had been before. */
  readonly removed: number
  readonly errors: number
  /** Absent when all ended leases have been seen; the next pass then begins anew. */
  readonly next?: RetentionPosition
}

const dayMs = 86_400_000

/** One pass over at most `limit` ended leases. @throws MarketError when the market is not running. */
export async function sweepStoredFiles(
  env: RetentionEnvironment,
  limit: number,
  from: RetentionPosition = { status: endStates[0] },
): Promise<RetentionSweep> {
  const market = env.market()
  const { status, cursor } = from
  const page = await market.store.read({ as: 'market' }, (tx) =>
    tx.list(Leases, { where: { status }, limit, ...(cursor === undefined ? {} : { cursor }) }),
  )
  let removed = 0
  let errors = 0
  for (const lease of page.items) {
    if (lease.kind !== 'storage') continue
    try {
      if (await removeIfOver(env, market, lease)) removed += 1
    } catch (error) {
      errors += 1
      const why = isMarketError(error) ? error.code : describeDefect(error)
      env.report(
        'removing the files of an ended lease',
        new MarketError('E_INTERNAL', `${lease.leaseId}: ${why}`),
      )
    }
  }
  const next = after(status, page.nextCursor)
  return { examined: page.items.length, removed, errors, ...(next === undefined ? {} : { next }) }
}

function after(
  status: RetentionPosition['status'],
  cursor: string | undefined,
): RetentionPosition | undefined {
  if (cursor !== undefined) return { status, cursor }
  const following = endStates[endStates.indexOf(status) + 1]
  return following === undefined ? undefined : { status: following }
}

async function removeIfOver(env: RetentionEnvironment, market: Market, lease: Lease): Promise<boolean> {
  const backend = env.backends.get(lease.backend)
  if (backend?.kind !== 'storage' || !isOver(lease, market.now())) return false
  const tenant = tenantOf(lease)
  // In turn with the puts: a lease that comes now is either seen here, or puts its files after they were removed.
  return inTurn(backend, tenant, async () => {
    if (await isNeeded(market, lease)) return false
    await backend.remove(tenant)
    return true
  })
}

function isOver({ endedAt, policy }: Lease, now: number): boolean {
  return endedAt !== undefined && now - endedAt >= effectivePolicy(policy).keepFilesDays * dayMs
}

/** Whether another lease of the consumer keeps the files: one that has not ended, or ended later and decides instead. */
async function isNeeded(
  market: Market,
  { resourceId, consumerActorId, backend, endedAt = 0 }: Lease,
): Promise<boolean> {
  const page = await market.store.read({ as: 'market' }, (tx) =>
    tx.list(Leases, {
      where: { resourceId, consumerActorId },
      filter: (other) =>
        other.endedAt === undefined || (other.backend === backend && other.endedAt > endedAt),
      limit: 1,
    }),
  )
  return page.items.length > 0
}
