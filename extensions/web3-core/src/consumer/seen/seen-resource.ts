/** What another market has offered when it was last heard, for the time when it is not heard. */
import { Type, type Static } from '@sinclair/typebox'
import { closed, line, Sha256Hex, Timestamp } from '@openclaw-market/protocol/schema/scalars'
import { ResourceDetail } from '@openclaw-market/protocol/views/resource'

export const SeenResource = closed({
  /** The market's name in this gateway's config. */
  market: line(1, 64),
  /** Of the market's address: under the same name there may be another one tomorrow. */
  place: Sha256Hex,
  resource: ResourceDetail,
  seenAt: Timestamp,
  /** The hash of the terms that were last shown from here, and not confirmed by the market since. */
  shown: Type.Optional(Sha256Hex),
})
export type SeenResource = Readonly<Static<typeof SeenResource>>

export const mostOfOneMarket = 200
const keptMs = 30 * 86_400_000

/** Without what is too old to be of use, and the longest unseen of a market that offers too much. */
export function pruned(seen: readonly SeenResource[], now: number): readonly SeenResource[] {
  const counts = new Map<string, number>()
  return seen
    .filter(({ seenAt }) => seenAt > now - keptMs)
    .toSorted((a, b) => b.seenAt - a.seenAt)
    .filter(({ market }) => {
      const count = (counts.get(market) ?? 0) + 1
      counts.set(market, count)
      return count <= mostOfOneMarket
    })
}
