/** The owner's own files: what was put while no lease served, and is found again beside what is in a lease. */
import type { StorageBackend, StorageLimits, StoredFile } from '../../provider/backends/backend.ts'

export const ownTenant = 'owner'
export const ownLimits: StorageLimits = { maxTotalBytes: 1_073_741_824 }

/** What is known of the file of this path without reading it. */
export async function ownFile(own: StorageBackend, path: string): Promise<StoredFile | undefined> {
  const { files } = await own.list(ownTenant, { prefix: path, limit: 1 })
  return files.find((file) => file.path === path)
}
