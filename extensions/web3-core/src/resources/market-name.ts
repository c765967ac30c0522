import { Type, type Static } from '@sinclair/typebox'
import { closed } from '@openclaw-market/protocol/schema/scalars'

/** Which market is meant: `local` or one of the config's; absent: any. */
export const MarketName = Type.String({
  pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
  description: 'local, or another market of the config; absent: the first that has it',
})

export const OnMarket = Type.String({ description: 'the market that has it' })
export const Unreachable = Type.Array(Type.String(), {
  description: 'markets that were not heard; theirs is missing',
})

/** How old an answer is that its market does not give now. */
export const Cached = closed({ ageSeconds: Type.Integer({ minimum: 0 }) })
export const CachedMarkets = Type.Array(closed({ market: Type.String(), ...Cached.properties }), {
  description: 'markets that were not heard; theirs is as last seen',
})

export function aged(now: number, seenAt: number): Static<typeof Cached> {
  return { ageSeconds: Math.max(0, Math.floor((now - seenAt) / 1000)) }
}
