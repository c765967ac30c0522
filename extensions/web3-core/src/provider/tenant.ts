import type { Lease } from '@openclaw-market/protocol/entities/lease'
import type { Tenant } from './backends/backend.ts'

/** Whose files: the consumer's at this resource, whichever of its leases it comes with. */
export function tenantOf({
  resourceId,
  consumerActorId,
}: Pick<Lease, 'resourceId' | 'consumerActorId'>): Tenant {
  return `${resourceId}_${consumerActorId.toLowerCase()}`
}
