/** What a store holds, in one number: equal contents have equal sums, and a change of one record changes it by little work. */
import { createHash } from 'node:crypto'
import type { Static, TObject } from '@sinclair/typebox'
import { canonicalJson } from '@openclaw-market/protocol/canonical'
import type { Collection } from '@openclaw-market/protocol/collection'
import { codec } from '@openclaw-market/protocol/schema/codec'
import type { MarketStore, ReadTx } from '../../extensions/market-core/src/store/store.ts'

/** 64 bits of SHA-256 over collection, key and canonical JSON, in hex. */
export function digestOf<S extends TObject>(of: Collection<S>, entity: Static<S>): string {
  const json = canonicalJson(codec(of.schema).encode(entity))
  return createHash('sha256').update(`${of.name}\n${json}`).digest('hex').slice(0, 16)
}

/** The sum of a content is that of its records' digests; taking one away undoes adding it. */
export const nothing = 0n
export function plus(sum: bigint, digest: string): bigint {
  return sum ^ BigInt(`0x${digest}`)
}

/** @throws what the store throws when it finds damage */
export function contentOf(store: MarketStore): Promise<bigint> {
  return store.read({ as: 'market' }, (tx) => contentIn(tx, store.collections))
}

async function contentIn(tx: ReadTx, collections: readonly Collection[]): Promise<bigint> {
  let sum = nothing
  for (const each of collections) {
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const from = cursor === undefined ? {} : { cursor }
      const page = await tx.list(each, { order: 'oldest', limit: 255, ...from })
      for (const entity of page.items) sum = plus(sum, digestOf(each, entity))
      cursor = page.nextCursor
    }
  }
  return sum
}
