import type { Backend } from '../provider/backends/backend.ts'
import type { Config, ConfigProblem } from './config.ts'

/** The owner's own backends by the names that `fallback` gives: one that is not there, or serves something else. */
export function fallbackProblems(
  { fallback = {} }: Config,
  backends: ReadonlyMap<string, Backend>,
): readonly ConfigProblem[] {
  return (['search', 'storage'] as const).flatMap((kind) => {
    const name = fallback[kind]
    if (name === undefined || backends.get(name)?.kind === kind) return []
    const problem = backends.has(name)
      ? `names a backend that is no ${kind}`
      : 'names no backend that can serve'
    return [{ key: `/fallback/${kind}`, problem }]
  })
}
