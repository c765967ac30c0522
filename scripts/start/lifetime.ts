/**
 * How a run ends: whatever it has started and made goes with it, at its end, at a failure and at a signal. What is left
 * when the process goes without a word (an uncaught error) is killed and removed by force.
 */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

export interface Lifetime {
  /** Aborts when somebody asks for the end; its reason is an {@link Ended}. */
  readonly signal: AbortSignal
  /** Private to this user, and removed at the end. */
  readonly directory: string
  /** Runs at the end, last come first served. */
  atEnd(end: () => Promise<unknown>): void
  /** Ends with this process at the latest. */
  own(child: ChildProcess): void
}

export class Ended extends Error {
  readonly by: NodeJS.Signals
  constructor(by: NodeJS.Signals) {
    super(`ended by ${by}`)
    this.by = by
  }
}

const settleMs = 10_000
const exitCodes: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }

/** Runs `work` and clears up behind it. A failure is told on standard error and in the exit code. */
export async function cleanly(work: (lifetime: Lifetime) => Promise<number>): Promise<void> {
  const stopping = new AbortController()
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-market-'))
  const children = new Set<ChildProcess>()
  const ends: (() => Promise<unknown>)[] = []
  process.on('exit', () => {
    for (const child of children) child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  })
  // A terminal sends Ctrl-C to every process of its group and npm passes it on: it comes more than once.
  for (const name of Object.keys(exitCodes) as NodeJS.Signals[])
    process.on(name, () => stopping.abort(new Ended(name)))
  const lifetime: Lifetime = {
    signal: stopping.signal,
    directory,
    atEnd: (end) => void ends.unshift(end),
    own(child) {
      children.add(child)
      child.once('exit', () => children.delete(child))
    },
  }
  const working = work(lifetime)
  try {
    process.exitCode = await untilAborted(working, stopping.signal)
  } catch (error) {
    const by = error instanceof Ended ? error.by : undefined
    if (by === undefined)
      process.stderr.write(`npm start: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = by === undefined ? 1 : exitCodes[by]
  }
  for (const end of ends)
    await end().catch((error: unknown) => process.stderr.write(`at the end: ${String(error)}\n`))
  for (const child of children) child.kill('SIGKILL')
  // What was in the middle of something has noticed the signal; a gateway that was booting is gone when it has settled.
  const settled = working.then(
    () => undefined,
    () => undefined,
  )
  await Promise.race([settled, pause(settleMs)])
  process.exit()
}

/** A signal ends the wait wherever the work stands; what it has started is stopped by its `atEnd`. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('stopped'))
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
