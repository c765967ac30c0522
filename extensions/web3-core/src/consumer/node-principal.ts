import type { Market } from '@openclaw-market/market-core'
import type { Principal } from '@openclaw-market/protocol/principal'

/** This gateway itself, in nobody's conversation. */
export function nodePrincipal(market: Market): Extract<Principal, { kind: 'node' }> {
  return { kind: 'node', actorId: market.address, owner: true }
}
