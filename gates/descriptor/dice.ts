/** What the programs draw from; whoever runs them brings it, so that a run can be replayed. */
export interface Dice {
  /** A whole number from 0 to `bound - 1`. */
  below(bound: number): number
  /** True once in `n` times. */
  oneIn(n: number): boolean
  one<T>(of: readonly T[]): T
}
