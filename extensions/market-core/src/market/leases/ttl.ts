import type { Resource } from '@openclaw-market/protocol/entities/resource'
import { MarketError } from '@openclaw-market/protocol/errors'
import { Type } from '@sinclair/typebox'

export const LeaseTtl = Type.Integer({
  minimum: 10_000,
  maximum: 604_800_000,
  description: 'how long it lasts: 10 seconds to 7 days',
})

/** Beyond its delegation nobody here may serve a lease, so none is sold for longer. @throws MarketError E_CONFLICT */
export function assertServed({ delegation }: Resource, expiresAt: number): void {
  if (delegation === undefined || delegation.expiresAt >= expiresAt) return
  const at = new Date(delegation.expiresAt).toISOString()
  throw new MarketError('E_CONFLICT', `the provider has this market serve the resource until ${at} only`, {
    details: { pointer: '/ttlMs', until: at },
    hint: 'Lease for a shorter time, or wait until the provider publishes it with a longer delegation.',
  })
}
