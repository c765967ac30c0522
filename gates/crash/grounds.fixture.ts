/** Where the gate's children work: a directory that is gone after the tests, and keys for markets in it. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { marketDirectories, type AtEnd } from '../../extensions/market-core/src/market/options.fixture.ts'
import type { Job } from './job.ts'
import { imageRoot } from './judge.ts'
import { chooseRecorder, findRecorders, type Recorder } from './record/recorder.ts'

export interface Grounds {
  /** Has something done when the tests of the file are over. */
  readonly atEnd: AtEnd
  /** A job with a directory of its own. */
  jobIn(wanted: Omit<Job, 'home' | 'keys'>): Job
}

/** To be called where the tests of a file are declared. */
export async function grounds(): Promise<Grounds> {
  const acts: (() => Promise<void>)[] = []
  const atEnd: AtEnd = (act) => void acts.push(act)
  afterAll(async () => {
    for (const act of acts.reverse()) await act()
  })
  const base = mkdtempSync(join(imageRoot, 'crash-'))
  atEnd(async () => rmSync(base, { recursive: true, force: true }))
  const { keyDirectory, passphraseFile } = await marketDirectories(atEnd)
  return {
    atEnd,
    jobIn(wanted) {
      const home = join(base, wanted.name)
      mkdirSync(home)
      return { ...wanted, home, keys: { keyDirectory, passphraseFile } }
    },
  }
}

/**
 * The recorder to use here, as a list of one, for `describe.each`; where there is none, an empty list, and that is said.
 * @returns also what is missing where everything must run
 */
export async function recordersFor(
  part: string,
  atEnd: AtEnd,
): Promise<{ readonly recorders: readonly Recorder[]; readonly missing?: string }> {
  const choice = chooseRecorder(part, await findRecorders(atEnd), process.env['CI'])
  if ('use' in choice) return { recorders: [choice.use] }
  process.stdout.write(`${choice.say}\n`)
  return { recorders: [], ...(choice.fails ? { missing: choice.say } : {}) }
}
