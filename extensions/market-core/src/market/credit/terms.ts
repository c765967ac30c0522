import { Type } from '@sinclair/typebox'
import { Amount } from '@openclaw-market/protocol/schema/scalars'

const day = 86_400_000

export const Ceiling = Type.Unsafe<bigint>({
  ...Amount,
  pattern: '^[1-9][0-9]{0,38}$',
  description: 'base units that all its leases together may have locked or owe',
})

export const LineRate = Type.Integer({
  minimum: 1,
  maximum: 60_000,
  description: 'calls of all its leases together',
})

/** Never changed: what a consumer owes it owes under the terms that were there when it agreed. */
export const Grace = Type.Integer({
  minimum: 1_000,
  maximum: 30 * day,
  description: 'how long an ended lease may be owed before it counts as defaulted; a day when absent',
})
export const usualGraceMs = day
