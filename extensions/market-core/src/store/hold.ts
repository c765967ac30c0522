/**
 * Bounds how long a transaction may be held. A callback that awaits nothing but its transaction ends within the
 * microtasks that it started in, however much it reads; one that is still there two ticks of a timer later awaits
 * something else (another write, the network) and would block the queue for ever.
 */
import { misuse } from './refusals.ts'

interface Held {
  ticks: number
  readonly abandon: (reason: Error) => void
}

// Taken when the module loads, so that a test's fake clock does not stop the store.
const start = setInterval
const stop = clearInterval

export const defaultHoldMs = 5_000

export class Holds {
  readonly #tickMs: number
  readonly #held = new Set<Held>()
  #timer: NodeJS.Timeout | undefined

  constructor(tickMs: number = defaultHoldMs) {
    this.#tickMs = tickMs
  }

  /** What `fn` settles with, or E_INTERNAL when it has not settled within two ticks. */
  run<T>(fn: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const held: Held = { ticks: 0, abandon: reject }
      this.#held.add(held)
      this.#timer ??= start(() => this.#tick(), this.#tickMs).unref()
      const fail = (error: unknown): void => {
        this.#held.delete(held)
        reject(error)
      }
      try {
        fn().then((value) => {
          this.#held.delete(held)
          resolve(value)
        }, fail)
      } catch (error) {
        fail(error) // a callback that throws before it gives a promise
      }
    })
  }

  #tick(): void {
    if (this.#held.size === 0) {
      stop(this.#timer)
      this.#timer = undefined
      return
    }
    for (const held of this.#held) {
      if (held.ticks++ === 0) continue
      this.#held.delete(held)
      held.abandon(
        misuse(
          'a transaction was held too long and was given up',
          'Await nothing but the transaction inside read and write: no other write, no timer, no network.',
        ),
      )
    }
  }
}
