/**
 * A law says, from the records alone and without the operation's own code, how an operation must end: granted, or refused
 * with which code. It is asked at the very moment of the decision, inside the write, so that no race blurs the answer.
 */
import type { Static, TObject } from '@sinclair/typebox'
import type { Lease } from '@openclaw-market/protocol/entities/lease'
import type { ErrorCode } from '@openclaw-market/protocol/errors'
import type { MarketRules, Operation } from '@openclaw-market/protocol/operation'
import type { Principal } from '@openclaw-market/protocol/principal'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import type { State } from './state.ts'

export interface Trial<P, F = unknown> {
  readonly state: State
  readonly params: P
  readonly who: Principal
  readonly now: number
  readonly rules: MarketRules
  readonly proof: F
  /** Not while the market starts and settles what the process before it left open. */
  readonly serving: boolean
}

/** Any of these ends is right; when several things are wrong at once, which is named first is nobody's concern. */
export type Verdict = readonly ('ok' | ErrorCode)[]

export interface Law {
  readonly name: string
  readonly verdict: (trial: Trial<unknown>) => Verdict
}

/** The compiler holds law and operation together here; from then on they are found by name. */
export function law<P extends TObject, R extends TObject, S, F>(
  op: Operation<P, R, S, F>,
  verdict: (trial: Trial<Static<P>, F>) => Verdict,
): Law {
  return { name: op.name, verdict: verdict as (trial: Trial<unknown>) => Verdict }
}

/** Granted, unless one of these is so. */
export function unless(...wrong: readonly (readonly [boolean, ErrorCode])[]): Verdict {
  const codes = wrong.filter(([is]) => is).map(([, code]) => code)
  return codes.length === 0 ? ['ok'] : codes
}

/** The actor whose objects and money are meant. */
export function actor(who: Principal): ActorId | undefined {
  if (who.kind === 'anyone') return undefined
  return who.kind === 'operator' ? (who.onBehalfOf?.actorId ?? who.actorId) : who.actorId
}

export function serves(lease: Lease, who: Principal, rules: MarketRules, at: number): boolean {
  const by = actor(who)
  if (by === lease.providerActorId) return true
  const { delegation } = lease
  if (delegation === undefined || by !== rules.market || at >= delegation.expiresAt) return false
  return delegation.delegate === by && delegation.provider === lease.providerActorId
}

export const room = ({ maxCost, metered, reserved }: Lease): bigint => maxCost - metered - reserved
