/**
 * The write queue of every backend: writes run one at a time, each in a savepoint, and those that wait together share
 * one commit (DESIGN §6). A write resolves when its batch is durable. What a write saw may come from writes before it in
 * the batch, so when the commit fails all of them fail, also those that had already refused.
 */
import { Holds } from './hold.ts'
import { busy, closed, outcomeUnknown, notWritten, refusing } from './refusals.ts'
import type { WriteTx } from './store.ts'

/** What a backend does for the queue. Every method but `commit` and `rest` acts at once. */
export interface BatchBackend {
  begin(): void
  savepoint(): void
  /** Keeps what was written since the savepoint. Throws when the write may not stay, e.g. it hid a failure of the backend. */
  release(): void
  /** Undoes it. Throws when the backend cannot, and so has lost the batch. */
  undo(): void
  /** Makes the batch durable. Throws `NothingKept` when it failed and surely left nothing on disk. */
  commit(): void | Promise<void>
  /** Gives the batch up. */
  abandon(): void
  /** A transaction for one write, and how to end it. */
  open(): { readonly tx: WriteTx; readonly end: () => void }
  /** Runs between batches, for upkeep. Throws only when the store can no longer be trusted. */
  rest?(): void | Promise<void>
}

/** Thrown by a backend whose batch is surely not on disk; the store goes on. */
export class NothingKept extends Error {
  override readonly name = 'NothingKept'
}

interface Waiting {
  run(): Promise<() => void>
  fail(reason: unknown): void
}

export const batchBound = 256
const waitingBound = 100_000

// Taken when the module loads, so that a test's fake clock does not stop the store.
const soon = setImmediate

export class WriteQueue {
  readonly #backend: BatchBackend
  readonly #holds: Holds
  #waiting: Waiting[] = []
  #next = 0
  #draining: Promise<void> | undefined
  #closed = false
  /** Why writes are refused, once a commit's outcome is unknown. */
  #broken: { readonly cause: unknown } | undefined

  constructor(backend: BatchBackend, holds: Holds) {
    this.#backend = backend
    this.#holds = holds
  }

  write<T>(fn: (tx: WriteTx) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(closed())
    if (this.#broken !== undefined) return Promise.reject(refusing(this.#broken.cause))
    if (this.#waiting.length - this.#next >= waitingBound) return Promise.reject(busy())
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ run: () => this.#attempt(fn, resolve, reject), fail: reject })
      this.#draining ??= this.#drain()
    })
  }

  /** Refuses new writes and waits for those that are queued. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#draining
  }

  async #drain(): Promise<void> {
    do {
      // A turn of the event loop before each batch: those whom the last one woke join this one, and a queue that is
      // never empty leaves the rest of the process its share.
      await new Promise<void>((done) => soon(done))
      await this.#batch()
      await this.#upkeep()
    } while (this.#next < this.#waiting.length)
    this.#draining = undefined
  }

  async #batch(): Promise<void> {
    const batch: Waiting[] = []
    const settle: (() => void)[] = []
    try {
      if (this.#broken !== undefined) throw this.#broken.cause
      this.#backend.begin()
      for (let write = this.#take(batch); write !== undefined; write = this.#take(batch))
        settle.push(await write.run())
    } catch (cause) {
      return this.#lose(
        batch,
        cause,
        this.#broken === undefined ? notWritten(cause) : refusing(this.#broken.cause),
      )
    }
    try {
      const committing = this.#backend.commit()
      if (committing !== undefined) await committing
    } catch (cause) {
      if (cause instanceof NothingKept) return this.#lose(batch, cause, notWritten(cause.cause))
      this.#broken = { cause }
      return this.#lose(batch, cause, outcomeUnknown(cause))
    }
    for (const each of settle) each()
  }

  /** Writes that come while the batch runs are taken into it too, up to its bound. */
  #take(batch: Waiting[]): Waiting | undefined {
    if (batch.length >= batchBound) return undefined
    const write = this.#waiting[this.#next]
    if (write === undefined) return undefined
    batch.push(write)
    if (++this.#next === this.#waiting.length) {
      this.#waiting = []
      this.#next = 0
    }
    return write
  }

  /** Runs one write in its savepoint; what it gives back tells its caller, once the batch is durable. */
  async #attempt<T>(
    fn: (tx: WriteTx) => Promise<T>,
    resolve: (value: T) => void,
    reject: (reason: unknown) => void,
  ): Promise<() => void> {
    this.#backend.savepoint()
    const { tx, end } = this.#backend.open()
    try {
      const value = await this.#holds.run(() => fn(tx))
      end()
      this.#backend.release()
      return () => resolve(value)
    } catch (error) {
      end()
      this.#backend.undo()
      return () => reject(error)
    }
  }

  #lose(batch: readonly Waiting[], cause: unknown, reason: Error): void {
    try {
      this.#backend.abandon()
    } catch {
      // A batch that cannot even be given up leaves the backend in a state that nobody knows.
      this.#broken ??= { cause }
    }
    // Writes that came before the failure was known but were not begun fail in the next batch, by the same rule.
    for (const each of batch.length > 0 ? batch : this.#takeAll()) each.fail(reason)
  }

  #takeAll(): readonly Waiting[] {
    const all = this.#waiting.slice(this.#next)
    this.#waiting = []
    this.#next = 0
    return all
  }

  async #upkeep(): Promise<void> {
    if (this.#broken !== undefined) return
    try {
      const resting = this.#backend.rest?.()
      if (resting !== undefined) await resting
    } catch (cause) {
      this.#broken = { cause }
    }
  }
}
