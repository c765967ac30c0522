/** Runs a child of the gate and collects what it says until it ends, however it ends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Job } from '../job.ts'

export interface Ran {
  readonly stdout: string
  readonly stderr: string
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** What stands before the child's own command, and what its environment says besides. */
export interface Around {
  readonly command?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const script = join(import.meta.dirname, '..', 'workload.child.ts')
/** The thread pool of one thread makes one order of calls; the cache makes hundreds of children start in half the time. */
const calm = {
  UV_THREADPOOL_SIZE: '1',
  UV_USE_IO_URING: '0',
  NODE_COMPILE_CACHE: join(tmpdir(), 'market-crash-cache'),
}

export async function runChild(jobs: readonly Job[], around: Around = {}): Promise<Ran> {
  const [file, ...rest] = [...(around.command ?? []), process.execPath, script]
  const child = spawn(file, [...rest, JSON.stringify(jobs)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...calm, ...around.env },
  })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => void out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => void err.push(chunk))
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString(), code, signal }
}

/** @throws when the child did not come to its end by itself */
export function checkEnded({ code, signal, stderr }: Ran): void {
  if (code !== 0) throw new Error(`the child ended with ${signal ?? code}: ${stderr}`)
}
