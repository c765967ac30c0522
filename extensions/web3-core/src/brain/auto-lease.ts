/** Leasing a brain by itself, as the owner's config orders and as far as its budget lets (DESIGN §12). */
import { given } from '@openclaw-market/market-core'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import type { ErrorCode } from '@openclaw-market/protocol/errors'
import type { RunFacts } from '@openclaw-market/protocol/principal'
import { codec } from '@openclaw-market/protocol/schema/codec'
import type { Call } from '../capabilities/capability.ts'
import type { Web3 } from '../plugin/web3.ts'
import { nodePrincipal } from '../consumer/node-principal.ts'
import { leaseContract } from '../resources/lease-contract.ts'
import type { BrainConfig } from './brain-config.ts'
import type { RunBegun } from './choice.ts'
import { sessionSince } from './session-end.ts'

type AutoLease = NonNullable<BrainConfig['autoLease']>

export type Tried =
  | { readonly leased: true }
  /** `enough`: this conversation has had as many as it may. `not-now`: it was refused a moment ago. */
  | { readonly leased: false; readonly why: ErrorCode | 'enough' | 'not-now' }

/** Whether this conversation has had as many as it may. */
export async function hasEnough(web3: Web3, order: AutoLease, { sessionKey }: RunBegun): Promise<boolean> {
  if (sessionKey === undefined) return true
  const since = await sessionSince(web3, sessionKey)
  const forThis = web3
    .vault()
    .list({ sessionKey, kind: 'model' })
    .filter(({ createdAt, state }) => createdAt > since && state !== 'pending')
  return forThis.length >= (order.maxLeases ?? 1)
}

export async function leaseFor(web3: Web3, order: AutoLease, run: RunBegun): Promise<Tried> {
  const { sessionKey } = run
  if (sessionKey === undefined || (await hasEnough(web3, order, run))) return { leased: false, why: 'enough' }
  const had = web3.vault().list({ sessionKey, kind: 'model' })
  let why: ErrorCode = 'E_NOT_FOUND'
  for (const resourceId of order.resourceIds) {
    // The same until it has come to a lease: what was lost on the way is found by it, and nothing is leased twice.
    const turn = had.filter((entry) => entry.resourceId === resourceId && entry.state !== 'pending').length
    const envelope = await web3.registry
      .call(
        web3.registry.naming.shown(leaseContract.name),
        codec(leaseContract.params).encode({
          resourceId,
          ttlMs: order.ttlMs,
          maxCost: order.maxCost,
          sessionKey,
          idempotencyKey: `brain-${sha256Hex(JSON.stringify([sessionKey, resourceId, turn]))}`,
        }),
        callOf(web3, run),
      )
      .catch(() => undefined)
    if (envelope?.ok === true) return { leased: true }
    why = envelope?.error ?? 'E_INTERNAL'
  }
  return { leased: false, why }
}

/** As the owner's gateway, in this run: its budget is asked like that of any tool. */
export function callOf(web3: Web3, run: RunBegun): Call {
  return { who: { ...nodePrincipal(web3.market()), run: factsOf(run) }, door: 'tool', web3 }
}

function factsOf({ agentId, sessionKey, channel, senderId }: RunBegun): RunFacts {
  return given({ agentId, sessionKey, channel, senderId })
}
