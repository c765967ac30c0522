/**
 * Runs operations: who may call, read the parameters, prove what is signed, then load, decide and commit all changes with
 * their event in one write (DESIGN §3). Everything that goes wrong comes out as an envelope with a declared code.
 */
import type { Static, TObject } from '@sinclair/typebox'
import { canonicalHash } from '@openclaw-market/protocol/canonical'
import { Answers } from '@openclaw-market/protocol/entities/records'
import {
  isMarketError,
  MarketError,
  toFailure,
  universalErrors,
  type Envelope,
  type ErrorCode,
} from '@openclaw-market/protocol/errors'
import type { IdSource } from '@openclaw-market/protocol/ids'
import {
  insert,
  type Changes,
  type Contract,
  type MarketRules,
  type Operation,
  type Prover,
  type QueryOperation,
  type Write,
} from '@openclaw-market/protocol/operation'
import { actorOf, scopeOf, type Principal, type PrincipalKind } from '@openclaw-market/protocol/principal'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { post } from '../ledger/post.ts'
import { eventAppender } from '../log/append.ts'
import { eventOf } from '../log/event.ts'
import type { MarketStore, WriteTx } from '../store/store.ts'

export interface ExecuteEnvironment {
  readonly store: MarketStore
  readonly rules: () => MarketRules
  readonly now: () => number
  readonly ids: IdSource
  readonly prover: Prover
  /** Told of each committed write, in order, before its caller is. */
  readonly committed: (writes: readonly Write[]) => void
  /** For defects: what no caller may see. */
  readonly report: (operation: string, error: unknown) => void
}

export interface Execute {
  operation<P extends TObject, R extends TObject, S, F>(
    op: Operation<P, R, S, F>,
    json: unknown,
    who: Principal,
  ): Promise<Envelope>
  query<P extends TObject, R extends TObject>(
    op: QueryOperation<P, R>,
    json: unknown,
    who: Principal,
  ): Promise<Envelope>
  /** The same without the edge: inner values in and out, errors thrown. For the market's own parts. */
  decide<P extends TObject, R extends TObject, S, F>(
    op: Operation<P, R, S, F>,
    params: Static<P>,
    who: Principal,
  ): Promise<Static<R>>
}

/** Why `prove` failed, kept until it is known that the request was not answered before. */
class Unproved {
  readonly reason: unknown
  constructor(reason: unknown) {
    this.reason = reason
  }
}

export function executor(env: ExecuteEnvironment): Execute {
  const append = eventAppender()
  const envelope = async (
    contract: Contract & { callers: readonly PrincipalKind[] },
    who: Principal,
    run: () => Promise<Record<string, unknown>>,
  ): Promise<Envelope> => {
    try {
      admitCaller(contract, who)
      return { ok: true, ...(await run()) }
    } catch (error) {
      return toFailure(declared(contract, error, env.report))
    }
  }

  const commit = async <P extends TObject, R extends TObject, S, F>(
    op: Operation<P, R, S, F>,
    params: Static<P>,
    who: Principal,
    key?: { answerKey: string; requestHash: string },
  ): Promise<Record<string, unknown>> => {
    const rules = env.rules()
    const base = { who, ids: env.ids, rules }
    const proof = await op
      .prove((fn) => env.store.read(scopeOf(who), fn), params, { ...base, now: env.now() }, env.prover)
      .catch((error: unknown) => new Unproved(error))
    if (proof instanceof Unproved && key === undefined) throw proof.reason
    const outcome = await env.store.write(async (tx) => {
      if (key !== undefined) {
        const answered = await tx.get(Answers, key.answerKey)
        if (answered !== undefined) return { again: repeat(op.name, answered, key.requestHash), writes: [] }
      }
      // Only now: what cannot be proved any more (its quote is used, its resource gone) may have been answered before.
      if (proof instanceof Unproved) throw proof.reason
      // Proving may have waited for a chain and this write for others; what is decided is decided now.
      const now = env.now()
      const context = { ...base, now, proof }
      const state = await op.load(tx, params, context)
      const changes = op.decide(state, params, context)
      const result = answer(op, changes.result)
      const writes = [...(changes.writes ?? [])]
      if (key !== undefined) {
        const kept = Object.fromEntries(
          Object.entries(result).filter(([field]) => !op.onceOnly.some((name) => name === field)),
        )
        writes.push(insert(Answers, { ...key, result: kept, dueAt: now + rules.answerTtlMs }))
      }
      await apply(tx, { ...changes, writes }, now, env.ids)
      // Of nobody in particular there is nothing to tell, and a stranger must not be able to fill the log.
      if (who.kind !== 'anyone') await append(tx, eventOf(op, params, who, changes, now, env.ids))
      return { again: result, writes }
    })
    if (outcome.writes.length > 0) env.committed(outcome.writes)
    return outcome.again
  }

  return {
    operation: (op, json, who) =>
      envelope(op, who, async () => {
        const params = codec(op.params).decode(json)
        return commit(op, params, who, op.idempotency === 'key' ? answerKey(op, params, who) : undefined)
      }),
    query: (op, json, who) =>
      envelope(op, who, async () => {
        const params = codec(op.params).decode(json)
        const context = { who, now: env.now(), rules: env.rules() }
        const scope = op.sees === 'everything' ? { as: 'market' as const } : scopeOf(who)
        const result = await env.store.read(scope, (tx) => op.answer(tx, params, context))
        return answer(op, result)
      }),
    decide: async (op, params, who) => {
      admitCaller(op, who)
      return codec(op.result).revive(await commit(op, params, who))
    },
  }
}

function admitCaller(contract: { name: string; callers: readonly PrincipalKind[] }, who: Principal): void {
  if (contract.callers.includes(who.kind)) return
  if (who.kind === 'anyone') actorOf(who)
  throw new MarketError('E_FORBIDDEN', `${contract.name} is not for this kind of caller`, {
    hint: `It is for: ${contract.callers.join(', ')}.`,
  })
}

/** The same request is the same values, however they were written (the case of an address, the digits of a time). */
function answerKey<P extends TObject>(
  op: { readonly name: string; readonly params: P },
  params: Static<P>,
  who: Principal,
): { answerKey: string; requestHash: string } | undefined {
  const key = (params as { idempotencyKey?: unknown }).idempotencyKey
  return typeof key === 'string'
    ? {
        answerKey: `${actorOf(who)}/${op.name}/${key}`,
        requestHash: canonicalHash(codec(op.params).encode(params)),
      }
    : undefined
}

/** An answer that its own schema refuses is a defect: found inside the write, so that nothing stays of it. */
function answer<R extends TObject>(
  op: { readonly name: string; readonly result: R },
  result: Static<R>,
): Record<string, unknown> {
  const json = codec(op.result).encode(result) as Record<string, unknown>
  const problem = codec(op.result).problem(json)
  if (problem !== undefined) throw new Error(`result of ${op.name}: ${problem.pointer} ${problem.message}`)
  return json
}

function repeat(
  name: string,
  answered: { requestHash: string; result: unknown },
  requestHash: string,
): Record<string, unknown> {
  if (answered.requestHash === requestHash) return answered.result as Record<string, unknown>
  throw new MarketError('E_CONFLICT', `this idempotencyKey was used for another ${name}`, {
    hint: 'Use a new key for a new request; use the old key only to repeat the same one.',
  })
}

async function apply(tx: WriteTx, changes: Changes<unknown>, now: number, ids: IdSource): Promise<void> {
  for (const write of changes.writes ?? []) {
    if (write.op === 'remove') await tx.remove(write.from, write.id)
    else if (write.op === 'insert') await tx.insert(write.into, write.entity)
    else await tx.update(write.into, write.entity)
  }
  await post(tx, { movements: changes.movements ?? [], holds: changes.holds ?? [] }, now, ids)
}

/** A code that the operation does not declare is a defect of ours: reported, and answered without a word about it. */
function declared(contract: Contract, error: unknown, report: ExecuteEnvironment['report']): MarketError {
  if (isMarketError(error)) {
    const may: readonly ErrorCode[] = [
      ...universalErrors,
      'E_AUTH_REQUIRED',
      'E_FORBIDDEN',
      ...contract.errors,
    ]
    if (may.includes(error.code)) {
      if (error.cause !== undefined) report(contract.name, error)
      return error
    }
  }
  report(contract.name, error)
  return new MarketError('E_INTERNAL', `${contract.name} failed for a reason of its own`, {
    hint: 'Nothing is known to have changed. Repeat only with the same idempotency key; the operator finds the cause in the log.',
  })
}
