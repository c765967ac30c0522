/** Plants a bug in a copy of the repository and lets the simulation of the copy look for it. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { copyOfRepository, repository, withReplaced } from '../copy.ts'
import type { PlantedBug } from './planted-bugs.ts'

export interface Ran {
  readonly status: number
  /** What it printed, and what it said of its own failure. */
  readonly said: string
}

/** Runs the simulation below `at`. */
export function simulate(args: readonly string[], at: string = repository): Promise<Ran> {
  const main = join(at, 'gates', 'simulation', 'main.ts')
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ status, said: `${stdout}${stderr}`.trim() })
    })
  })
}

/** @returns how the simulation ended: 1 when the bug was found */
export async function hunt(bug: PlantedBug, args: readonly string[]): Promise<Ran> {
  const text = withReplaced(bug)
  const copy = copyOfRepository()
  try {
    writeFileSync(join(copy.at, bug.file), text)
    return await simulate(args, copy.at)
  } finally {
    copy.remove()
  }
}
