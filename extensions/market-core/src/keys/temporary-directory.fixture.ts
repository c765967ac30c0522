import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A directory (0700) that is gone when the test is over. */
export async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'market-keys-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

/** Everything that an error would show in a log or an answer. */
export function shown(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return `${error.stack} ${JSON.stringify(error, Object.getOwnPropertyNames(error))} ${shown(error.cause)}`
}
