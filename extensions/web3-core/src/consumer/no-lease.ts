import { MarketError } from '@openclaw-market/protocol/errors'
import type { ResourceKind } from '@openclaw-market/protocol/money/units'

export function noLease(kind: ResourceKind): MarketError {
  return new MarketError('E_NOT_FOUND', `there is no active ${kind} lease`, {
    hint: `Find one with {{web3.resources.list}} { "kind": "${kind}" } and take it with {{web3.resources.lease}}.`,
  })
}
