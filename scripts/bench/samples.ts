/** Timings of single calls, in milliseconds, kept whole: percentiles are read off, not estimated. */
export class Samples {
  readonly #values: number[] = []

  add(ms: number): void {
    this.#values.push(ms)
  }

  get count(): number {
    return this.#values.length
  }

  /** Nearest rank: the smallest sample that `p` percent of all do not exceed. Rounded to a microsecond. */
  percentile(p: number): number {
    if (this.#values.length === 0) throw new Error('no samples')
    const sorted = Float64Array.from(this.#values).sort()
    const at = Math.max(0, Math.ceil((p * sorted.length) / 100) - 1)
    return Math.round((sorted[at] ?? 0) * 1000) / 1000
  }
}

/** The same numbers on every run (mulberry32), so that runs differ by the machine alone. */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The same items in another order, so that no item always pays for what the one before it left behind. */
export function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
