/** An operator's call: `onBehalfOf` stands beside the parameters of every market.* method and is no parameter of the operation. */
import { isMarketError, MarketError, toFailure, type Envelope } from '@openclaw-market/protocol/errors'
import type { Principal } from '@openclaw-market/protocol/principal'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId, closed, line } from '@openclaw-market/protocol/schema/scalars'
import type { MarketMethod } from './method.ts'
import { runningMarket } from './handle.ts'

const OnBehalfOf = closed({ actorId: ActorId, reason: line(1, 200) })

export async function callAsOperator(method: MarketMethod, json: unknown): Promise<Envelope> {
  try {
    const market = runningMarket()
    const { params, onBehalfOf } = split(json)
    const who: Principal = {
      kind: 'operator',
      actorId: market.address,
      ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    }
    return await method.call(market, params, who)
  } catch (error) {
    if (isMarketError(error)) return toFailure(error)
    throw error
  }
}

function split(json: unknown) {
  if (json === null || typeof json !== 'object' || !('onBehalfOf' in json)) return { params: json ?? {} }
  const { onBehalfOf, ...params } = json
  const wrong = codec(OnBehalfOf).problem(onBehalfOf)
  if (wrong !== undefined) {
    const pointer = `/onBehalfOf${wrong.pointer}`
    throw new MarketError('E_INVALID_ARGUMENT', `${pointer}: ${wrong.message}`, {
      details: { pointer, rule: wrong.rule },
      hint: 'Give { actorId, reason }: whom you act for, and why; it is put on record.',
    })
  }
  return { params, onBehalfOf: codec(OnBehalfOf).decode(onBehalfOf) }
}
