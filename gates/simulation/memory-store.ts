/**
 * A market's store in memory under the scheduler: reads see one moment and are answered at another, writes queue and share
 * commits, and a commit may fail, or succeed without anyone being told. What is durable is `state`, and nothing else.
 */
import { allCollections } from '@openclaw-market/protocol/entities/all'
import type { Scope } from '@openclaw-market/protocol/collection'
import { notWritten, outcomeUnknown, refusing } from '../../extensions/market-core/src/store/refusals.ts'
import type { MarketStore, ReadTx, WriteTx } from '../../extensions/market-core/src/store/store.ts'
import type { Dice } from '../run.ts'
import type { Scheduler } from './scheduler.ts'
import { State } from './state.ts'
import { MemoryRead, MemoryWrite } from './transaction.ts'

/** What has been made to fail; what the market reports because of it is no defect. */
export class MadeToFail extends Error {
  override readonly name = 'MadeToFail'
}

export interface MemoryStoreOptions {
  readonly scheduler: Scheduler
  readonly dice: Dice
  /** Whether commits may fail. */
  readonly failing: () => boolean
  /** Told of each write that stays, before whoever asked for it is. */
  readonly wrote: (before: State, after: State) => void
}

interface Queued {
  /** The state that the write comes to, and how to tell its caller. */
  run(state: State): Promise<{ readonly after: State; readonly tell: () => void }>
  fail(reason: Error): void
}

export class MemoryStore implements MarketStore {
  readonly backend = 'file'
  readonly collections = allCollections
  state = new State()
  /** A commit's outcome was unknown: no more writes until the store is opened again. */
  broken = false
  /** A commit has failed since it was opened. */
  failed = false
  readonly #env: MemoryStoreOptions
  #queue: Queued[] = []
  #committing = false

  constructor(env: MemoryStoreOptions) {
    this.#env = env
  }

  /** As a process that starts finds it: what was not committed is gone. */
  reopen(): void {
    this.#queue = []
    this.#committing = false
    this.broken = false
    this.failed = false
  }

  async read<T>(scope: Scope, fn: (tx: ReadTx) => Promise<T>): Promise<T> {
    const value = await fn(new MemoryRead(this.state, scope))
    if (this.#env.dice.oneIn(4)) await this.#env.scheduler.turn('an answered read', true)
    return value
  }

  write<T>(fn: (tx: WriteTx) => Promise<T>): Promise<T> {
    if (this.broken) return Promise.reject(refusing(new MadeToFail('the store is broken')))
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({
        async run(before) {
          const tx = new MemoryWrite(before)
          try {
            const value = await fn(tx)
            return { after: tx.state, tell: () => resolve(value) }
          } catch (error) {
            return { after: before, tell: () => reject(error) }
          }
        },
        fail: reject,
      })
      if (this.#committing) return
      this.#committing = true
      void this.#drain()
    })
  }

  /** What is in memory has no bytes to be damaged. */
  findDamage(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0 && !this.broken) {
      await this.#env.scheduler.turn('a commit', true)
      await this.#commit(this.#queue.splice(0, 1 + this.#env.dice.below(this.#queue.length)))
    }
    this.#committing = false
  }

  async #commit(batch: readonly Queued[]): Promise<void> {
    const { dice, failing, wrote } = this.#env
    const states = [this.state]
    const tell: (() => void)[] = []
    for (const each of batch) {
      const done = await each.run(states.at(-1) ?? this.state)
      states.push(done.after)
      tell.push(done.tell)
    }
    const fate = failing() ? dice.below(400) : -1
    this.failed ||= fate >= 0 && fate <= 2
    if (fate === 0) {
      for (const each of batch) each.fail(notWritten(new MadeToFail('nothing was kept')))
      return
    }
    const kept = fate !== 1 || dice.oneIn(2)
    if (kept) {
      for (const [i, after] of states.slice(1).entries()) {
        const before = states[i] ?? after
        if (before !== after) wrote(before, after)
      }
      this.state = states.at(-1) ?? this.state
    }
    if (fate === 1) {
      this.broken = true
      const lost = [...batch, ...this.#queue.splice(0)]
      for (const each of lost) each.fail(outcomeUnknown(new MadeToFail('nobody knows')))
    } else if (fate !== 2) {
      for (const each of tell) each()
    }
    // Fate 2: it is on disk and the process stands still before it can say so. It will be killed.
    else this.broken = true
  }
}
