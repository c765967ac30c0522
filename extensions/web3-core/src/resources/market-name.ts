import { Type } from '@sinclair/typebox'

/** Which market is meant: `local` or one of the config's; absent: any. */
export const MarketName = Type.String({
  pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
  description: 'local, or another market of the config; absent: the first that has it',
})

export const OnMarket = Type.String({ description: 'the market that has it' })
export const Unreachable = Type.Array(Type.String(), {
  description: 'markets that did not answer; theirs is missing',
})
