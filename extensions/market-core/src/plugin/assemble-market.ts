/**
 * What of a market needs no file and no machine: operations, call gate and sweep, put together over a store, a clock, ids
 * and a prover that are given. `open-market.ts` gives real ones; a simulation gives its own.
 */
import type { TObject } from '@sinclair/typebox'
import { Events } from '@openclaw-market/protocol/entities/records'
import type { Envelope } from '@openclaw-market/protocol/errors'
import type { Operation, QueryOperation } from '@openclaw-market/protocol/operation'
import type { Principal } from '@openclaw-market/protocol/principal'
import { callGate, type CallGate } from '../market/calls/gate.ts'
import { executor, type Execute, type ExecuteEnvironment } from '../market/execute.ts'
import { abandonOpenCalls, sweep, type Swept } from '../sweep/sweep.ts'

export type MarketParts = Omit<ExecuteEnvironment, 'committed'>

export interface WorkingMarket {
  run<P extends TObject, R extends TObject, S, F>(
    op: Operation<P, R, S, F> | QueryOperation<P, R>,
    json: unknown,
    who: Principal,
  ): Promise<Envelope>
  readonly gate: CallGate
  /** Settles what the last process left open. To be awaited before anyone is served. */
  recover(): Promise<void>
  /** One pass over what is due, by the market's clock or as of an earlier `at`. */
  sweep(limit: number, at?: number): Promise<Swept>
}

/** @param execution makes what runs every operation, also those of gate and sweep; an observer may stand around it */
export function assembleMarket(
  parts: MarketParts,
  execution: (env: ExecuteEnvironment) => Execute = executor,
): WorkingMarket {
  const { store, ids, now, report } = parts
  const actorId = parts.rules().market
  const execute = execution({ ...parts, committed: (writes) => gate.committed(writes) })
  const gate: CallGate = callGate({ store, execute, ids, now, self: { kind: 'node', actorId, owner: true } })
  const sweeping = { store, execute, self: { kind: 'market', actorId } as const, report }
  return {
    run: (op, json, who) =>
      op.kind === 'query' ? execute.query(op, json, who) : execute.operation(op, json, who),
    gate,
    async recover() {
      // Every write but a stranger's leaves an event, made last: ids go on rising whatever the clock says after a restart.
      const { items } = await store.read({ as: 'market' }, (tx) => tx.list(Events, { limit: 1 }))
      if (items[0] !== undefined) ids.startAfter(items[0].eventId)
      await abandonOpenCalls(sweeping)
    },
    sweep: (limit, at) => sweep(sweeping, at ?? now(), limit),
  }
}
