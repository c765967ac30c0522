/** Records and disturbs a child through a library that is loaded before it, built with cc for this run. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { runChild, type Around } from './child.ts'
import { eventsOfShim } from './event.ts'
import { errnos, type Fault, type Recorder } from './recorder.ts'

/** @param directory gets the built library. @throws when there is no cc that builds it */
export async function buildShim(directory: string): Promise<string> {
  const library = join(directory, 'shim.so')
  const source = join(import.meta.dirname, 'shim.c')
  await promisify(execFile)('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl', '-lpthread'])
  return library
}

export function shimAround(library: string, watch: string, more: Readonly<Record<string, string>>): Around {
  return { env: { LD_PRELOAD: library, CRASH_WATCH: watch, ...more } }
}

export function shimRecorder(library: string): Recorder {
  return {
    name: 'shim',
    async record(jobs, watch, fault) {
      const file = `${watch}.record`
      const env = { CRASH_RECORD: file, ...(fault === undefined ? {} : { CRASH_FAULT: faultText(fault) }) }
      const ran = await runChild(jobs, shimAround(library, watch, env))
      const events = existsSync(file) ? [...eventsOfShim(await readFile(file, 'utf8'))] : []
      await rm(file, { force: true })
      return { events, ran }
    },
  }
}

export function faultText({ calls, error, first, last }: Fault): string {
  return `${calls} ${error === 'half' ? 0 : errnos[error]} ${first} ${Math.min(last, 2 ** 31)}`
}
