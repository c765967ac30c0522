/**
 * What a child says of each write, so that its disk can be judged without it: before the commit what the write would
 * change, and afterwards how it ended. Each line is one synchronous write to stdout, which the recorders see.
 */
import { writeSync } from 'node:fs'
import type { Static, TObject } from '@sinclair/typebox'
import { anyCollection, type Collection } from '@openclaw-market/protocol/collection'
import { isMarketError } from '@openclaw-market/protocol/errors'
import type {
  MarketStore,
  Page,
  Query,
  ReadTx,
  WriteTx,
} from '../../extensions/market-core/src/store/store.ts'
import { digestOf } from './content.ts'
import type { Job } from './job.ts'

export type Said = { readonly job: string } & (
  | { readonly tried: number; readonly changes: readonly Change[] }
  | { readonly kept: number }
  | { readonly lost: number; readonly outcome: Outcome; readonly why: string }
  | { readonly opened: true }
  /** The store held this, in hex, when it was opened again: whoever reads it builds on it. */
  | { readonly read: string }
  /** The job ended before its time. */
  | { readonly failed: string; readonly outcome: Outcome; readonly why: string }
)

/** A record's new digest, by collection and key; null when it was removed. */
export type Change = readonly [of: string, id: string, digest: string | null]

export function say(said: Said): void {
  writeSync(1, `${JSON.stringify(said)}\n`)
}

/** The write of a store that tells, counting on over the lives of a job. A write that its own `fn` refuses is not told of. */
export function tellingWrite(
  store: MarketStore,
  { name: job, kill }: Job,
  count: { writes: number },
): MarketStore['write'] {
  const write = store.write.bind(store)
  return async (fn) => {
    let tried = 0
    try {
      const result = await write(async (tx) => {
        const watched = new WatchedTx(tx)
        const value = await fn(watched)
        tried = ++count.writes
        say({ job, tried, changes: await watched.changes() })
        if (kill?.write === tried && kill.when === 'before') process.kill(process.pid, 'SIGKILL')
        return value
      })
      if (kill?.write === tried) process.kill(process.pid, 'SIGKILL')
      say({ job, kept: tried })
      return result
    } catch (error) {
      if (tried > 0) say({ job, lost: tried, outcome: outcomeOf(error), why: String(error) })
      throw error
    }
  }
}

/** What a refusal said of what it refused; `none` when nobody declared it. */
export type Outcome = 'nothing' | 'unknown' | 'none'

export function outcomeOf(error: unknown): Outcome {
  if (!isMarketError(error) || error.hint === undefined) return 'none'
  const outcome = error.details?.['outcome']
  if (error.code === 'E_UNAVAILABLE' && (outcome === 'nothing' || outcome === undefined)) return 'nothing'
  return error.code === 'E_OUTCOME_UNKNOWN' && outcome === 'unknown' ? 'unknown' : 'none'
}

class WatchedTx implements WriteTx {
  readonly #tx: WriteTx
  readonly #touched = new Map<string, { readonly of: Collection; readonly id: string }>()

  constructor(tx: WriteTx) {
    this.#tx = tx
  }

  get scope(): ReadTx['scope'] {
    return this.#tx.scope
  }

  async changes(): Promise<readonly Change[]> {
    const changes: Change[] = []
    for (const { of, id } of this.#touched.values()) {
      const entity = await this.#tx.get(of, id)
      changes.push([of.name, id, entity === undefined ? null : digestOf(of, entity)])
    }
    return changes
  }

  get<S extends TObject>(of: Collection<S>, id: string): Promise<Static<S> | undefined> {
    return this.#tx.get(of, id)
  }

  find<S extends TObject>(
    of: Collection<S>,
    field: keyof Static<S> & string,
    value: string,
  ): Promise<Static<S> | undefined> {
    return this.#tx.find(of, field, value)
  }

  list<S extends TObject>(of: Collection<S>, query: Query<S>): Promise<Page<Static<S>>> {
    return this.#tx.list(of, query)
  }

  insert<S extends TObject>(into: Collection<S>, entity: Static<S>): Promise<void> {
    this.#touch(into, String(entity[into.key]))
    return this.#tx.insert(into, entity)
  }

  update<S extends TObject>(of: Collection<S>, entity: Static<S>): Promise<void> {
    this.#touch(of, String(entity[of.key]))
    return this.#tx.update(of, entity)
  }

  remove<S extends TObject>(from: Collection<S>, id: string): Promise<void> {
    this.#touch(from, id)
    return this.#tx.remove(from, id)
  }

  #touch<S extends TObject>(of: Collection<S>, id: string): void {
    this.#touched.set(`${of.name}/${id}`, { of: anyCollection(of), id })
  }
}
