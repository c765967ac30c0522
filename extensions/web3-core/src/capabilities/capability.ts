/**
 * A capability is an operation plus the facts a butler decides by (DESIGN §3). Texts name other capabilities as
 * `{{web3.group.verb}}`; the registry puts the present names in.
 */
import type { Static, TObject } from '@sinclair/typebox'
import {
  isMarketError,
  MarketError,
  toFailure,
  universalErrors,
  type Envelope,
  type ErrorCode,
} from '@openclaw-market/protocol/errors'
import type { Contract } from '@openclaw-market/protocol/operation'
import type { Principal } from '@openclaw-market/protocol/principal'
import type { Unit } from '@openclaw-market/protocol/money/units'
import { codec } from '@openclaw-market/protocol/schema/codec'
import type { JsonSchema } from './json-schema.ts'
import type { Effect, Found, Predicate, PredicateName } from './predicate.ts'
import type { OverHttp, Source } from './source.ts'
import type { Web3 } from '../plugin/web3.ts'

export const groups = [
  'capabilities',
  'siwe',
  'wallet',
  'resources',
  'model',
  'search',
  'storage',
  'share',
  'billing',
  'audit',
  'status',
] as const
export type Group = (typeof groups)[number]

/** Through which door a call came. Owners' doors act as the node wallet; `api` is for outside wallets. */
export const doors = ['gateway', 'tool', 'api'] as const
export type Door = (typeof doors)[number]

/** What a second, equal call comes to. `by-key`: with the same idempotencyKey the same answer, and nothing moves again. */
export const repeats = ['reads-only', 'by-key', 'acts-again', 'refused'] as const
export type Repeat = (typeof repeats)[number]

export interface Facts {
  readonly group: Group
  readonly whenToUse: string
  readonly whenNotToUse: string
  /** What the fields of the answer mean, where their names do not say it. */
  readonly returns: string
  /** What each code means here and what to do; every declared code has one. */
  readonly errors: { readonly [K in ErrorCode]?: string }
  /** Doors through which it can be called. */
  readonly doors: readonly Door[]
  /** Needs no running market. */
  readonly offline?: true
  /** While there is no market, or no lease, the owner's own backend of this kind serves its owner, if one is configured. */
  readonly fallback?: 'search' | 'storage'
  /** While there is no market, what other markets have offered answers whoever may ask them through the owner's doors. */
  readonly fromSeen?: true
  readonly actor: 'anyone' | 'caller' | 'consumer' | 'provider'
  /** Also for a sender who is not the owner and has an allowance: what it spends is held to that where it is spent. */
  readonly byAllowance?: true
  readonly risk: {
    readonly level: 'none' | 'low' | 'medium' | 'high'
    /** Who learns what; absent: nobody anything new. */
    readonly discloses?: string
    readonly reversible: boolean
  }
  readonly pricing: {
    /** `lease`: charged to a lease within its lock; `lock`: money is locked by the call itself. */
    readonly charge: 'none' | 'lease' | 'lock'
    readonly units: readonly Unit[]
    readonly upperBound?: string
  }
  readonly prerequisites: readonly Predicate[]
  readonly effects: readonly Effect[]
  /** What its answer names, one or many of each. */
  readonly finds?: readonly Found[]
  /** What holds no more of the object that the prerequisite of that name is about. */
  readonly ends?: readonly PredicateName[]
  readonly next: readonly { readonly name: string; readonly when: string }[]
  readonly idempotency: Repeat
  /** Where values of parameters come from that are neither chosen freely nor named by a prerequisite. By parameter. */
  readonly sources?: Readonly<Record<string, Source>>
  /** What a door demands beyond the schema: a JSON Schema that holds as well. */
  readonly byDoor?: { readonly [D in Door]?: JsonSchema }
  /** How whoever holds a lease's token gets the same without this gateway. */
  readonly overHttp?: OverHttp
  readonly examples: {
    readonly valid: Readonly<Record<string, unknown>>
    /** Breaks one rule of the schema; the descriptor shows the exact error. */
    readonly invalid: Readonly<Record<string, unknown>>
  }
}

export interface Call {
  readonly who: Principal
  readonly door: Door
  readonly web3: Web3
}

/** What a call would take from the budget, as far as it can be known before. */
export interface Foreseen {
  readonly currency: string
  /** The most that it may come to. Undefined: nobody can tell, which is never nothing. */
  readonly amount: bigint | undefined
  /** Of a call on a lease: the spend of that lease. */
  readonly leaseKey?: string
  /** Whom it goes to, in words for the owner. */
  readonly target: string
}

export interface Capability {
  readonly contract: Contract
  readonly facts: Facts
  perform(json: unknown, call: Call): Promise<Envelope>
  /** What it does while there is no market; undefined when there is nothing that could. */
  alone?(json: unknown, call: AloneCall): Promise<Envelope | undefined>
  /** Undefined: nothing. It commits to nothing. @throws MarketError when it could not be done either */
  foresee?(json: unknown, call: Call): Promise<Foreseen | undefined>
}

/** A call while there is no market: no wallet, no leases and no money, only what is the owner's own and what was seen. */
export interface AloneCall extends Pick<Call, 'web3'> {
  /** Why there is none, as far as whoever calls may know. */
  readonly off: MarketError
}

type AlonePerformer<P extends TObject, R extends TObject> = (
  params: Static<P>,
  call: AloneCall,
) => Promise<Static<R> | undefined>

type Foreseer<P extends TObject> = (params: Static<P>, call: Call) => Promise<Foreseen | undefined>

type Performer<P extends TObject, R extends TObject> = (params: Static<P>, call: Call) => Promise<Static<R>>

/** A capability with work of its own: parameters are read, results checked, and only declared codes come out. */
export function capability<P extends TObject, R extends TObject>(
  contract: Contract<P, R>,
  facts: Facts,
  perform: Performer<P, R>,
  alone?: AlonePerformer<P, R>,
  foresee?: Foreseer<P>,
): Capability {
  return {
    contract,
    facts,
    ...(foresee === undefined
      ? {}
      : { foresee: (json: unknown, call: Call) => foresee(codec(contract.params).decode(json), call) }),
    async perform(json, call) {
      try {
        return success(contract, await perform(codec(contract.params).decode(json), call))
      } catch (error) {
        return toFailure(declared(contract, error, call))
      }
    },
    ...(alone === undefined ? {} : { alone: (json, call) => performAlone(contract, alone, json, call) }),
  }
}

async function performAlone<P extends TObject, R extends TObject>(
  contract: Contract<P, R>,
  alone: AlonePerformer<P, R>,
  json: unknown,
  call: AloneCall,
): Promise<Envelope | undefined> {
  try {
    const result = await alone(codec(contract.params).decode(json), call)
    return result === undefined ? undefined : success(contract, result)
  } catch (error) {
    return toFailure(declared(contract, error, call))
  }
}

function success<P extends TObject, R extends TObject>(
  { name, result: schema }: Contract<P, R>,
  result: Static<R>,
): Envelope {
  const encoded = codec(schema).encode(result)
  const problem = codec(schema).problem(encoded)
  if (problem !== undefined) throw new Error(`result of ${name}: ${problem.pointer} ${problem.message}`)
  return { ok: true, ...(encoded as Record<string, unknown>) }
}

export type Outcome<C extends { result: TObject }> = Static<C['result']>

function declared(contract: Contract, error: unknown, { web3 }: Pick<Call, 'web3'>): MarketError {
  const may: readonly ErrorCode[] = [...universalErrors, 'E_AUTH_REQUIRED', 'E_FORBIDDEN', ...contract.errors]
  if (isMarketError(error) && may.includes(error.code)) return error
  web3.report(contract.name, error)
  return new MarketError('E_INTERNAL', `{{${contract.name}}} failed for a reason of its own`, {
    hint: 'The operator finds the cause in the log. Repeat only with the same idempotency key.',
  })
}
