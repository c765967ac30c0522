import type { Static, TObject } from '@sinclair/typebox'
import type { Market } from '@openclaw-market/market-core'
import { fromFailure, type Envelope, type ErrorCode } from '@openclaw-market/protocol/errors'
import type { Contract, Operation, QueryOperation } from '@openclaw-market/protocol/operation'
import type { Principal } from '@openclaw-market/protocol/principal'
import { codec } from '@openclaw-market/protocol/schema/codec'
import type { Capability, Facts } from './capability.ts'

type MarketOperation<P extends TObject, R extends TObject, S, F> =
  | Operation<P, R, S, F>
  | QueryOperation<P, R>

/** A capability that is one operation of this gateway's market, under a name of its own. */
export function operationCapability<P extends TObject, R extends TObject, S, F>(
  name: string,
  op: MarketOperation<P, R, S, F>,
  facts: Facts,
): Capability {
  return {
    contract: asContract(name, op),
    facts,
    async perform(json, { who, web3 }) {
      return renamed(await web3.market().run(op, json, who), op.name, `{{${name}}}`)
    },
  }
}

/** The contract of an operation under another name; `admin` is for operators' own methods only. */
export function asContract<P extends TObject, R extends TObject>(
  name: string,
  { summary, effect, params, result, errors }: Contract<P, R>,
  more: { readonly summary?: string; readonly errors?: readonly ErrorCode[] } = {},
): Contract<P, R> {
  return {
    name,
    summary: more.summary ?? summary,
    effect,
    scope: effect === 'read' ? 'read' : 'write',
    params,
    result,
    errors: [...new Set([...errors, ...(more.errors ?? [])])],
  }
}

/** Runs an operation of this gateway's market from inside: inner values, errors thrown. */
export async function runLocal<P extends TObject, R extends TObject, S, F>(
  market: Market,
  op: MarketOperation<P, R, S, F>,
  params: Static<P>,
  who: Principal,
): Promise<Static<R>> {
  const envelope = renamed(await market.run(op, codec(op.params).encode(params), who), op.name, 'request')
  if (!envelope.ok) throw fromFailure(envelope)
  const { ok: _ok, ...result } = envelope
  return codec(op.result).decode(result)
}

/** The market speaks of its operations by names that our callers do not know. */
function renamed(envelope: Envelope, name: string, shown: string): Envelope {
  return envelope.ok ? envelope : { ...envelope, message: envelope.message.replaceAll(name, shown) }
}
