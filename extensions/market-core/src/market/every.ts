import type { Static, TObject } from '@sinclair/typebox'
import type { Collection } from '@openclaw-market/protocol/collection'
import type { Query, ReadTx } from '@openclaw-market/protocol/reading'

/** All that a query matches, a page at a time, so that memory stays bounded. */
export async function* every<S extends TObject>(
  tx: ReadTx,
  of: Collection<S>,
  query: Omit<Query<S>, 'limit' | 'cursor'>,
): AsyncGenerator<Static<S>> {
  let cursor: string | undefined
  do {
    const page = await tx.list(of, { ...query, limit: 500, ...(cursor === undefined ? {} : { cursor }) })
    yield* page.items
    cursor = page.nextCursor
  } while (cursor !== undefined)
}
