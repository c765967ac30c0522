/** A folder of its own for each test, and what the tests look at in it. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { MarketError } from '@openclaw-market/protocol/errors'
import { expect, onTestFinished } from 'vitest'
import type { StorageBackend } from './backend.ts'
import { filesystemBackend } from './filesystem.ts'
import { everythingIn } from './upstream-fixture.ts'

export const roomy = { maxTotalBytes: 1_000_000 }
export const text = (content: string): Uint8Array => new TextEncoder().encode(content)

export function newRoot(): string {
  const root = mkdtempSync(path.join(tmpdir(), 'market-storage-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  return root
}

/** Another backend on the same folder is what a restart finds. */
export function storageAt(directory: string, maxTotalBytes?: number): StorageBackend {
  let now = 1_000
  return filesystemBackend({
    config: { directory, ...(maxTotalBytes === undefined ? {} : { maxTotalBytes }) },
    now: () => now++,
  })
}

export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort()
}

/** The code of a failure that says nothing of the machine. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof MarketError)) throw new Error('did not fail with a MarketError', { cause: error })
  // The stack names our own source files; what may not appear is the storage folder.
  expect(everythingIn(error)).not.toContain('market-storage-')
  return error.code
}

export async function contentOf(storage: StorageBackend, tenant: string, file: string): Promise<string> {
  return Buffer.from((await storage.get(tenant, file)).bytes).toString('utf8')
}
