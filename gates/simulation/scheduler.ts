/**
 * Decides what goes on next. Everything that waits in a simulated market (a read that is answered, a commit, a chunk from
 * upstream, an actor's next idea) waits here and nowhere else, so that every interleaving is possible and a history is a
 * function of its seed.
 */
import type { Dice } from '../run.ts'

interface Waiting {
  readonly what: string
  /** Of the market's process: gone when that dies. */
  readonly inside: boolean
  readonly go: () => void
}

export class Scheduler {
  readonly #dice: Dice
  /** How often what the process has begun goes before new ideas from outside: differs from history to history. */
  readonly #haste: number
  #waiting: Waiting[] = []
  #hushed = false

  constructor(dice: Dice) {
    this.#dice = dice
    this.#haste = dice.one([1, 2, 4, 8])
  }

  /** Resolves when it is this one's turn; never, when it is `inside` and the process dies before. */
  turn(what: string, inside: boolean): Promise<void> {
    return new Promise((go) => {
      if (inside || !this.#hushed) this.#waiting.push({ what, inside, go })
    })
  }

  /** Lets one of those who wait go on, until all that follows from it waits again. @returns what it was */
  async step(): Promise<string> {
    const begun = this.#waiting.filter(({ inside }) => inside)
    const hasty = begun.length > 0 && !this.#dice.oneIn(this.#haste)
    const chosen = this.#dice.one(hasty ? begun : this.#waiting)
    this.#waiting.splice(this.#waiting.indexOf(chosen), 1)
    chosen.go()
    await quiet()
    return chosen.what
  }

  /** The process dies: what it waited for never comes. */
  die(): void {
    this.#waiting = this.#waiting.filter(({ inside }) => !inside)
  }

  /** Nobody does anything any more, but for what the process has begun. */
  hush(): void {
    this.#hushed = true
    this.#waiting = this.#waiting.filter(({ inside }) => inside)
  }

  get size(): number {
    return this.#waiting.length
  }
}

/** All promise callbacks have run: whoever has not ended waits for a turn. */
export function quiet(): Promise<void> {
  return new Promise((done) => setImmediate(done))
}
