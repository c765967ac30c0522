import type { TObject } from '@sinclair/typebox'
import type { Envelope } from '@openclaw-market/protocol/errors'
import type { Contract, Operation, QueryOperation } from '@openclaw-market/protocol/operation'
import type { Principal } from '@openclaw-market/protocol/principal'
import type { Market } from './open-market.ts'

/** An operation whose types no longer matter. */
export interface MarketMethod {
  readonly contract: Contract
  call(market: Market, json: unknown, who: Principal): Promise<Envelope>
}

export function method<P extends TObject, R extends TObject, S, F>(
  op: Operation<P, R, S, F> | QueryOperation<P, R>,
): MarketMethod {
  return { contract: op, call: (market, json, who) => market.run(op, json, who) }
}
