/** Tries mutants in two processes at once, each with a copy of the repository that it may spoil. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { copyOfRepository } from '../copy.ts'
import type { Mutant } from './mutants.ts'

export type Verdict =
  /** A test failed, or never ended. */
  | { readonly end: 'killed'; readonly by: string }
  /** The compiler makes of it what it makes of the original. */
  | { readonly end: 'same code' }
  /** The compiler refuses it: nobody could deploy it. */
  | { readonly end: 'not a contract' }
  | { readonly end: 'survived' }

const lanes = 2
/** Many times what all tests take: whatever runs by then has been made to run for ever. */
const patienceMs = 240_000

/** @param told as soon as each has been tried */
export async function tryAll(
  mutants: readonly Mutant[],
  told: (mutant: Mutant, verdict: Verdict) => void,
): Promise<void> {
  const waiting = mutants.values()
  await Promise.all(
    Array.from({ length: Math.min(lanes, mutants.length) }, async () => {
      const lane = await newLane()
      try {
        for (const mutant of waiting) told(mutant, await lane.verdictOn(mutant))
      } finally {
        lane.end()
      }
    }),
  )
}

interface Lane {
  verdictOn(mutant: Mutant): Promise<Verdict>
  end(): void
}

/** @throws when the tests do not pass before anything is changed */
async function newLane(): Promise<Lane> {
  const copy = copyOfRepository()
  let child = await started(copy.at)
  const ask = async (mutant: Mutant | 'unchanged'): Promise<Verdict | 'late'> => {
    let late = false
    const patience = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, patienceMs)
    const answered = once(child, 'message') as Promise<[Verdict]>
    const ended = once(child, 'exit')
    child.send(mutant)
    const said = await Promise.race([answered, ended.then(() => undefined)])
    clearTimeout(patience)
    if (said !== undefined) return said[0]
    if (!late) throw new Error(`a trial ended without a verdict: ${JSON.stringify(mutant)}`)
    child = await started(copy.at)
    return 'late'
  }
  const unchanged = await ask('unchanged')
  if (unchanged === 'late' || unchanged.end !== 'same code')
    throw new Error(`the tests fail before anything is changed: ${JSON.stringify(unchanged)}`)
  return {
    async verdictOn(mutant) {
      const verdict = await ask(mutant)
      return verdict === 'late' ? { end: 'killed', by: 'it never ends' } : verdict
    },
    end() {
      child.kill('SIGKILL')
      copy.remove()
    },
  }
}

async function started(at: string): Promise<ChildProcess> {
  // Always from the same seed, so that a verdict is found again.
  const { GATES: _size, GATES_SEED: _seed, ...env } = process.env
  const child = fork(join(at, 'gates', 'mutation', 'trial.child.ts'), {
    cwd: at,
    env,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ready = once(child, 'message')
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the tests could not be built: exit ${String(code)}`)
  })
  await Promise.race([ready, ended])
  // Its later end is a verdict, not a fault.
  ended.catch(() => undefined)
  return child
}
