/**
 * How far a gate searches and from where. `npm test` runs every gate small, from a seed that never changes; `npm run soak`
 * runs it large, from a new one. A gate that finds something says the one line that finds it again.
 */
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

export type Gate =
  | 'chain'
  | 'claims'
  | 'contracts'
  | 'descriptor'
  | 'money'
  | 'store'
  | 'crash'
  | 'simulation'
  | 'secret'

const soaking = process.env['GATES'] === 'soak'

/** One value for `npm test`, another for `npm run soak`. */
export function sized<T>(small: T, soak: T): T {
  return soaking ? soak : small
}

/** Of this run: `--seed`, or one that never changes when it is small, or a new one that `npm run soak` has drawn. */
export function seedOfRun(): number {
  return Number(process.env['GATES_SEED'] ?? 20_260_301)
}

/** To be printed with every failure. @param seed of the history that failed, where the gate draws one for each */
export function replayLine(gate: Gate, seed: number = seedOfRun()): string {
  return `npm run soak -- ${gate} --seed ${seed}${soaking ? '' : ' --small'}`
}

export interface Dice {
  /** A whole number from 0 to `bound - 1`. */
  below(bound: number): number
  /** True once in `n` times. */
  oneIn(n: number): boolean
  one<T>(of: readonly T[]): T
}

export function diceOf(seed: number): Dice {
  const generator = xoroshiro128plus(seed)
  const below = (bound: number): number => uniformInt(generator, 0, bound - 1)
  return {
    below,
    oneIn: (n) => below(n) === 0,
    one(of) {
      const chosen = of[below(of.length)]
      if (of.length === 0 || chosen === undefined) throw new RangeError('nothing to choose from')
      return chosen
    },
  }
}
