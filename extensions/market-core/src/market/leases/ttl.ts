import { Type } from '@sinclair/typebox'

export const LeaseTtl = Type.Integer({
  minimum: 10_000,
  maximum: 604_800_000,
  description: 'how long the lease lasts, in milliseconds: 10 seconds to 7 days',
})
