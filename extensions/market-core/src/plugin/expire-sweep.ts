import { Type, type Static } from '@sinclair/typebox'
import { isMarketError, MarketError, toFailure, type Envelope } from '@openclaw-market/protocol/errors'
import type { Contract } from '@openclaw-market/protocol/operation'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { closed, Timestamp } from '@openclaw-market/protocol/schema/scalars'
import { expiring } from '../sweep/sweep.ts'
import type { MarketMethod } from './method.ts'
import type { Market } from './open-market.ts'

const params = closed({
  now: Type.Optional(
    Type.Unsafe<number>({
      ...Timestamp,
      description: 'as of when; not after the present, except in a dry run',
    }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: '200 when absent' })),
  dryRun: Type.Optional(Type.Boolean({ description: 'only say what would expire' })),
})

const contract = {
  name: 'market.lease.expireSweep',
  summary:
    'Does at once what the sweep does by itself: ends what is over, closes windows, forgets what is old.',
  effect: 'money',
  scope: 'admin',
  params,
  result: closed({
    processed: Type.Integer(),
    expired: Type.Integer(),
    skipped: Type.Integer(),
    errors: Type.Integer(),
  }),
  errors: [],
} as const satisfies Contract

export const expireSweep: MarketMethod = {
  contract,
  async call(market, json, who): Promise<Envelope> {
    try {
      if (who.kind !== 'operator') {
        throw new MarketError('E_FORBIDDEN', `${contract.name} is not for this kind of caller`, {
          hint: 'It is for: operator.',
        })
      }
      return { ok: true, ...(await run(market, codec(params).decode(json))) }
    } catch (error) {
      if (isMarketError(error)) return toFailure(error)
      throw error
    }
  },
}

async function run(market: Market, { now, limit = 200, dryRun = false }: Static<typeof params>) {
  if (dryRun) {
    const due = await expiring(market.store, now ?? market.now(), limit)
    return { processed: due.length, expired: due.length, skipped: 0, errors: 0 }
  }
  if (now !== undefined && now > market.now()) {
    throw new MarketError('E_INVALID_ARGUMENT', '/now: time cannot be anticipated', {
      details: { pointer: '/now', rule: 'present' },
      hint: 'Leave now out, or set dryRun to see what would expire by then.',
    })
  }
  return market.sweep(limit, now)
}
