/**
 * An operation is defined once (DESIGN §3); validation, gateway method, agent tool, HTTP route, CLI verb and descriptor
 * are projections of it. A write is load, decide, commit: `decide` is pure, so that a simulation or a replay needs
 * no store, and what it answers is committed whole or not at all.
 */
import type { Static, TObject } from '@sinclair/typebox'
import { anyCollection, type Collection } from './collection.ts'
import type { ConversationEvent, ConversationFacts } from './entities/log.ts'
import type { AccountKind, TransferReason } from './entities/money.ts'
import type { ErrorCode } from './errors.ts'
import type { IdSource } from './ids.ts'
import type { ResourceKind } from './money/units.ts'
import type { Principal, PrincipalKind } from './principal.ts'
import type { ReadTx } from './reading.ts'
import type { ActorId } from './schema/scalars.ts'

/** `read` changes nothing; `write` changes state; `money` may move or commit money. */
export type Effect = 'read' | 'write' | 'money'
/** What the caller's door must allow. */
export type OperationScope = 'read' | 'write' | 'admin'

export interface Contract<P extends TObject = TObject, R extends TObject = TObject> {
  readonly name: string
  readonly summary: string
  readonly effect: Effect
  readonly scope: OperationScope
  readonly params: P
  readonly result: R
  /** Besides the universal ones. Anything else that comes out is a defect and is answered as E_INTERNAL. */
  readonly errors: readonly ErrorCode[]
}

export interface Currency {
  readonly symbol: string
  readonly decimals: number
}

/** What a market's config lets a resource be served by. How it is reached stays with whoever serves it. */
export interface BackendFacts {
  readonly name: string
  readonly kind: ResourceKind
  /** Who may publish over it; the node wallet always may. */
  readonly publishers: readonly ActorId[]
}

/** What the market's owner has fixed: the part of the config that decisions depend on. */
export interface MarketRules {
  /** The node wallet: this market's own actor, and the audience of what is signed for it. */
  readonly market: ActorId
  readonly chainId: number
  readonly currencies: ReadonlyMap<string, Currency>
  readonly backends: ReadonlyMap<string, BackendFacts>
  readonly disputeWindowMs: number
  readonly quoteTtlMs: number
  readonly answerTtlMs: number
}

export interface DecideContext<Proof = undefined> {
  readonly who: Principal
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly ids: IdSource
  readonly rules: MarketRules
  /** What `prove` established before the write. */
  readonly proof: Proof
}

export interface AccountRef {
  readonly kind: AccountKind
  /** An actor, a settlement, a payout, or the name of a way in or out. */
  readonly owner: string
  readonly currency: string
  readonly actorId?: ActorId
  /** Credit: who draws on it, and how much may be drawn at most. */
  readonly debtorActorId?: ActorId
  readonly ceiling?: bigint
}

/** A transfer to post: `amount` from `debit` to `credit`. A `release` is paid from what is committed, all else from what is free. */
export interface Movement {
  readonly debit: AccountRef
  readonly credit: AccountRef
  readonly amount: bigint
  readonly reason: TransferReason
  readonly reference: string
  readonly memo?: string
}

/** A hold is taken once and resolved once: `posted` of it becomes committed, the rest is free again (all of it when 0). */
export type HoldChange =
  | { readonly op: 'hold'; readonly account: AccountRef; readonly amount: bigint }
  | { readonly op: 'resolve'; readonly account: AccountRef; readonly amount: bigint; readonly posted: bigint }

export type Write =
  | { readonly op: 'insert' | 'update'; readonly into: Collection; readonly entity: { readonly rev: number } }
  | { readonly op: 'remove'; readonly from: Collection; readonly id: string }

export function insert<S extends TObject>(into: Collection<S>, entity: Omit<Static<S>, 'rev'>): Write {
  return { op: 'insert', into: anyCollection(into), entity: { ...entity, rev: 0 } }
}

/** The entity as it was loaded, with some fields changed. */
export function update<S extends TObject>(
  of: Collection<S>,
  entity: Static<S> & { readonly rev: number },
): Write {
  return { op: 'update', into: anyCollection(of), entity }
}

export function remove<S extends TObject>(from: Collection<S>, id: string): Write {
  return { op: 'remove', from: anyCollection(from), id }
}

/** What a decision comes to. Committed in one write together with an event that names `subjects`. */
export interface Changes<R> {
  readonly result: R
  readonly writes?: readonly Write[]
  readonly movements?: readonly Movement[]
  readonly holds?: readonly HoldChange[]
  /** Ids of the objects that it is about. */
  readonly subjects?: readonly string[]
  /** For what is only told: what the event says itself, instead of a hash of the parameters. */
  readonly told?: { readonly type: ConversationEvent; readonly facts: ConversationFacts }
}

/** Signatures are checked before the write, where waiting is allowed. */
export interface Prover {
  verify(request: {
    readonly address: ActorId
    readonly chainId: number
    readonly signature: `0x${string}`
    readonly typedData: unknown
  }): Promise<boolean>
  /** EIP-191 text, e.g. a SIWE message. */
  verifyMessage(request: {
    readonly address: ActorId
    readonly chainId: number
    readonly signature: `0x${string}`
    readonly message: string
  }): Promise<boolean>
  /** Signs with the node wallet. */
  sign(typedData: unknown): Promise<`0x${string}`>
  /** A new access token: `tok_` and 32 random bytes. */
  newToken(): string
}

export interface Operation<
  P extends TObject = TObject,
  R extends TObject = TObject,
  S = unknown,
  F = undefined,
> extends Contract<P, R> {
  readonly kind: 'operation'
  readonly effect: 'write' | 'money'
  /** Kinds of principal that may call it at all; the object's own rules come on top. */
  readonly callers: readonly PrincipalKind[]
  /** `key`: takes an idempotencyKey, and answers the same request again from what it answered before. */
  readonly idempotency: 'key' | 'none'
  /** Fields of the result that are said once and not again on a repeated key. */
  readonly onceOnly: readonly (keyof Static<R> & string)[]
  readonly prove: (
    read: <T>(fn: (tx: ReadTx) => Promise<T>) => Promise<T>,
    params: Static<P>,
    context: Omit<DecideContext, 'proof'>,
    prover: Prover,
  ) => Promise<F>
  readonly load: (tx: ReadTx, params: Static<P>, context: DecideContext<F>) => Promise<S>
  readonly decide: (state: S, params: Static<P>, context: DecideContext<F>) => Changes<Static<R>>
}

export interface QueryOperation<P extends TObject = TObject, R extends TObject = TObject> extends Contract<
  P,
  R
> {
  readonly kind: 'query'
  readonly effect: 'read'
  readonly callers: readonly PrincipalKind[]
  /** `everything`: as in a write, who may see what is its own business. Else it sees what its caller may see. */
  readonly sees: 'its-callers' | 'everything'
  readonly answer: (
    tx: ReadTx,
    params: Static<P>,
    context: Omit<DecideContext, 'proof' | 'ids'>,
  ) => Promise<Static<R>>
}

const anyActor: readonly PrincipalKind[] = ['node', 'wallet', 'operator', 'market']

type OperationDeclaration<P extends TObject, R extends TObject, S, F> = Omit<
  Operation<P, R, S, F>,
  'kind' | 'callers' | 'idempotency' | 'onceOnly' | 'prove'
> &
  Partial<Pick<Operation<P, R, S, F>, 'callers' | 'idempotency' | 'onceOnly' | 'prove'>>

export function operation<P extends TObject, R extends TObject, S, F = undefined>(
  declaration: OperationDeclaration<P, R, S, F>,
): Operation<P, R, S, F> {
  return {
    kind: 'operation',
    callers: anyActor,
    idempotency: 'none',
    onceOnly: [],
    // F is inferred from `prove`; where there is none it is undefined.
    prove: async () => undefined as F,
    ...declaration,
  }
}

export function query<P extends TObject, R extends TObject>(
  declaration: Omit<QueryOperation<P, R>, 'kind' | 'effect' | 'callers' | 'sees'> &
    Partial<Pick<QueryOperation<P, R>, 'callers' | 'sees'>>,
): QueryOperation<P, R> {
  return {
    kind: 'query',
    effect: 'read',
    callers: [...anyActor, 'anyone'],
    sees: 'its-callers',
    ...declaration,
  }
}
