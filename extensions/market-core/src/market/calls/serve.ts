import type { Lease } from '@openclaw-market/protocol/entities/lease'
import { MarketError } from '@openclaw-market/protocol/errors'
import type { MarketRules } from '@openclaw-market/protocol/operation'
import type { Principal } from '@openclaw-market/protocol/principal'

/**
 * Who serves a lease and writes its usage: its provider, or the key that the provider delegated the resource to when the
 * lease was made. No operator can do it on behalf of someone (DESIGN §4). To anyone else the lease does not exist.
 * @param at now, or when the call was opened that goes on: what was begun with leave is counted to its end
 */
export function mayServe(lease: Lease, who: Principal, rules: MarketRules, at: number): boolean {
  if (who.kind === 'anyone') return false
  if (who.kind === 'operator' && who.onBehalfOf !== undefined) {
    throw new MarketError('E_FORBIDDEN', 'usage cannot be written on behalf of someone else', {
      hint: "Only the lease's provider, or the key that it delegated to, writes usage.",
    })
  }
  if (lease.providerActorId === who.actorId) return true
  const { delegation } = lease
  return (
    who.actorId === rules.market &&
    delegation !== undefined &&
    delegation.provider === lease.providerActorId &&
    delegation.delegate === who.actorId &&
    delegation.backend === lease.backend &&
    at < delegation.expiresAt
  )
}
