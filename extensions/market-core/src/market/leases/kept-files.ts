/**
 * Files belong to a consumer and a resource, not to a lease: a later lease finds what an earlier one left. So the same bytes
 * must not accrue under two leases at once, and what is found accrues from the first day.
 */
import { Leases, type Lease } from '@openclaw-market/protocol/entities/lease'
import { effectivePolicy, type Resource } from '@openclaw-market/protocol/entities/resource'
import { MarketError } from '@openclaw-market/protocol/errors'
import type { ResourceId } from '@openclaw-market/protocol/ids'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { byteMsPerGbDay } from './accrue.ts'

const day = 86_400_000

/** The one that runs, if any: of one consumer and one storage the last that was made is the last that ends. */
export async function latestLease(
  tx: ReadTx,
  resourceId: ResourceId,
  consumerActorId: ActorId,
): Promise<Lease | undefined> {
  const { items } = await tx.list(Leases, { where: { resourceId, consumerActorId }, limit: 1 })
  return items[0]
}

export interface Kept {
  readonly storedBytes: bigint
  /** Byte-milliseconds that no gb_day has been billed for yet. */
  readonly byteMs: bigint
}

/**
 * What a new lease of this storage finds: the bytes, and the part of a gb_day that they have been kept already.
 * @throws MarketError E_CONFLICT while the consumer's last lease of it still runs
 */
export function keptFiles(resource: Resource, earlier: Lease | undefined, now: number): Kept {
  const nothing = { storedBytes: 0n, byteMs: 0n }
  if (resource.kind !== 'storage' || earlier === undefined) return nothing
  if (earlier.endedAt === undefined) {
    throw new MarketError('E_CONFLICT', 'you hold a lease of this storage already', {
      details: { leaseId: earlier.leaseId },
      hint: 'Use that lease, or end it first; a later lease finds the same files.',
    })
  }
  const keptUntil = earlier.endedAt + effectivePolicy(earlier.policy).keepFilesDays * day
  if (now >= keptUntil) return nothing
  return { storedBytes: earlier.storedBytes ?? 0n, byteMs: (earlier.byteMs ?? 0n) % byteMsPerGbDay }
}
