import { createHash } from 'node:crypto'
import { canonicalJson } from '@openclaw-market/protocol/canonical'
import { codec } from '@openclaw-market/protocol/schema/codec'
import type { MarketStore } from './store.ts'

/**
 * SHA-256 (hex) over all that a store holds: for each collection, by name, a line with the name, then each record by
 * rising key as a line of canonical JSON (RFC 8785). Equal contents have equal roots, whatever the backend.
 */
export function stateRoot(store: MarketStore): Promise<string> {
  return store.read({ as: 'market' }, async (tx) => {
    const hash = createHash('sha256')
    for (const each of [...store.collections].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      hash.update(`${each.name}\n`)
      const as = codec(each.schema)
      for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
        const page = await tx.list(each, {
          order: 'oldest',
          limit: 255,
          ...(cursor === undefined ? {} : { cursor }),
        })
        for (const entity of page.items) hash.update(`${canonicalJson(as.encode(entity))}\n`)
        cursor = page.nextCursor
      }
    }
    return hash.digest('hex')
  })
}
