/** What a child said of its writes, as the contents that its store may have after each. */
import { nothing, plus } from './content.ts'
import type { Change, Said } from './told.ts'

export class History {
  /** Which write a content comes after: the last, should two be equal. */
  readonly #after = new Map<bigint, number>([[nothing, 0]])
  readonly #records = new Map<string, string>()
  #writes: { readonly number: number; readonly changes: readonly Change[] }[] = []
  #sum = nothing
  /** The last write that was acknowledged. */
  kept = 0
  tried = 0
  /** Refusals that nobody declared. */
  readonly wrong: string[] = []
  /** Refusals of writes and openings that were declared. */
  refusals = 0
  readonly #gone: ReadonlySet<number>

  /** @param gone writes of which the store says that nothing was kept */
  constructor(gone: ReadonlySet<number> = new Set()) {
    this.#gone = gone
  }

  hear(said: Said): void {
    if ('tried' in said) {
      this.tried = said.tried
      if (!this.#gone.has(said.tried)) this.#write(said.tried, said.changes)
    } else if ('kept' in said) this.kept = Math.max(this.kept, said.kept)
    else if ('read' in said) this.#goOnFrom(BigInt(`0x${said.read}`))
    else if ('why' in said) {
      this.refusals++
      if (said.outcome === 'none')
        this.wrong.push(`${'lost' in said ? `write ${said.lost}` : said.failed}: ${said.why}`)
    }
  }

  /** What is wrong with a content that was found when this had been heard; undefined when nothing is. */
  problemOf(found: bigint): string | undefined {
    const at = this.#after.get(found)
    if (at === undefined) return `holds what it never held (${this.kept} acknowledged, ${this.tried} tried)`
    return at < this.kept ? `lost acknowledged writes: ends at ${at}, acknowledged ${this.kept}` : undefined
  }

  #write(number: number, changes: readonly Change[]): void {
    this.#writes.push({ number, changes })
    for (const [of, id, digest] of changes) {
      const name = `${of}/${id}`
      const before = this.#records.get(name)
      if (before !== undefined) this.#sum = plus(this.#sum, before)
      if (digest === null) this.#records.delete(name)
      else {
        this.#records.set(name, digest)
        this.#sum = plus(this.#sum, digest)
      }
    }
    this.#after.set(this.#sum, number)
  }

  /** The next process found this; writes that were tried after it never were, and what was read must stay. */
  #goOnFrom(found: bigint): void {
    const problem = this.problemOf(found)
    if (problem !== undefined) this.wrong.push(`opened again, it ${problem}`)
    const at = this.#after.get(found) ?? 0
    this.kept = Math.max(this.kept, at)
    const writes = this.#writes.filter(({ number }) => number <= at)
    this.#writes = []
    this.#records.clear()
    this.#after.clear()
    this.#sum = nothing
    this.#after.set(nothing, 0)
    for (const { number, changes } of writes) this.#write(number, changes)
  }
}

/** The lines of one job; a last line that a kill has cut is no line. */
export function saidBy(job: string, text: string): readonly Said[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Said)
    .filter((said) => said.job === job)
}

/** All that was said, in the end. */
export function historyOf(all: readonly Said[]): History {
  const history = new History(goneOf(all))
  for (const said of all) history.hear(said)
  return history
}

/** The writes of which the store said that nothing of them was kept. */
export function goneOf(all: readonly Said[]): ReadonlySet<number> {
  return new Set(all.flatMap((said) => ('lost' in said && said.outcome === 'nothing' ? [said.lost] : [])))
}
