/** Whether anybody still needs the backend of a thing that is being stopped. */
import type { Market } from '@openclaw-market/market-core'
import { Leases } from '@openclaw-market/protocol/entities/lease'
import { Resources } from '@openclaw-market/protocol/entities/resource'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import type { Backend } from '../provider/backends/backend.ts'
import { tenantOf } from '../provider/tenant.ts'

const unfinished = ['lease_active', 'lease_ending'] as const

/** A lease over it that has not ended, a resource over it that can be leased, or a file that its holder may come back for. */
export async function isNeeded(market: Market, name: string, backend: Backend | undefined): Promise<boolean> {
  const used = await market.store.read({ as: 'market' }, async (tx) => {
    for (const status of unfinished) {
      const { items } = await tx.list(Leases, { where: { status }, filter: over(name), limit: 1 })
      if (items.length > 0) return true
    }
    const where = { status: 'resource_published' } as const
    return (await tx.list(Resources, { where, filter: over(name), limit: 1 })).items.length > 0
  })
  return used || (backend?.kind === 'storage' && (await hasFiles(market, name, backend)))
}

async function hasFiles(
  market: Market,
  name: string,
  backend: Extract<Backend, { kind: 'storage' }>,
): Promise<boolean> {
  const tenants = await market.store.read({ as: 'market' }, (tx) => tenantsOver(tx, name))
  for (const tenant of tenants) if ((await backend.usage(tenant)).files > 0) return true
  return false
}

async function tenantsOver(tx: ReadTx, name: string): Promise<ReadonlySet<string>> {
  const tenants = new Set<string>()
  let cursor: string | undefined
  do {
    const page = await tx.list(Leases, {
      filter: over(name),
      limit: 200,
      ...(cursor === undefined ? {} : { cursor }),
    })
    for (const lease of page.items) tenants.add(tenantOf(lease))
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return tenants
}

function over(name: string): (of: { readonly backend: string }) => boolean {
  return ({ backend }) => backend === name
}
