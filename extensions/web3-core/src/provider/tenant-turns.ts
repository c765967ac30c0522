import type { StorageBackend, Tenant } from './backends/backend.ts'

/** By backend, so that the routes and the sweep of old files share the same turns. */
const turns = new WeakMap<StorageBackend, Map<Tenant, Promise<unknown>>>()

/** Runs what changes a tenant's files, one after another. */
export async function inTurn<T>(backend: StorageBackend, tenant: Tenant, work: () => Promise<T>): Promise<T> {
  const tenants = turns.get(backend) ?? new Map<Tenant, Promise<unknown>>()
  turns.set(backend, tenants)
  const mine = (tenants.get(tenant) ?? Promise.resolve()).then(work)
  const settled = mine.then(
    () => undefined,
    () => undefined,
  )
  tenants.set(tenant, settled)
  try {
    return await mine
  } finally {
    if (tenants.get(tenant) === settled) tenants.delete(tenant)
  }
}
