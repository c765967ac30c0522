/** Which layer records a child's writes here, and what to say where there is none. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Job } from '../job.ts'
import type { Ran } from './child.ts'
import type { Event } from './event.ts'
import { buildShim, shimRecorder } from './shim.ts'
import { straceRecorder } from './strace.ts'

export interface Fault {
  /** `name`: those that make, rename or remove files. */
  readonly calls: 'write' | 'sync' | 'name' | 'truncate'
  /** What the call fails with; or it writes only half of its bytes. */
  readonly error: keyof typeof errnos | 'half'
  /** The first and the last call of its kind that fails, counted from 1; `Infinity` for all from the first on. */
  readonly first: number
  readonly last: number
}

/** As Linux numbers them. */
export const errnos = { EIO: 5, ENOSPC: 28 } as const

export interface Recorded {
  readonly events: readonly Event[]
  readonly ran: Ran
}

export interface Recorder {
  readonly name: 'shim' | 'strace'
  /** Every change that the child makes under `watch`, and all that it says, while some of its calls fail. */
  record(jobs: readonly Job[], watch: string, fault?: Fault): Promise<Recorded>
}

export interface Recorders {
  readonly shim: Recorder | undefined
  /** The library of the shim, which can do more than record. */
  readonly library: string | undefined
  readonly strace: Recorder | undefined
}

/** What works on this machine, tried and not guessed: a compiler may lack its headers, and ptrace may be forbidden. */
export async function findRecorders(atEnd: (act: () => Promise<void>) => void): Promise<Recorders> {
  if (process.platform !== 'linux') return { shim: undefined, library: undefined, strace: undefined }
  const directory = await mkdtemp(join(tmpdir(), 'market-shim-'))
  atEnd(() => rm(directory, { recursive: true, force: true }))
  const [library, traces] = await Promise.all([
    buildShim(directory).catch(() => undefined),
    promisify(execFile)('strace', ['-f', '-e', 'trace=none', 'true']).then(
      () => true,
      () => false,
    ),
  ])
  return {
    library,
    shim: library === undefined ? undefined : shimRecorder(library),
    strace: traces ? straceRecorder() : undefined,
  }
}

export type Choice =
  | { readonly use: Recorder }
  /** `fails`: a machine that must run everything did not. */
  | { readonly say: string; readonly fails: boolean }

/** The shim where it builds: it is faster. @param part of the gate that needs it */
export function chooseRecorder(
  part: string,
  { shim, strace }: Omit<Recorders, 'library'>,
  ci: string | undefined,
): Choice {
  const use = shim ?? strace
  if (use !== undefined) return { use }
  return {
    say: `crash: ${part} DID NOT RUN: it needs Linux with cc or strace, and neither works here.`,
    fails: ci === 'true',
  }
}
