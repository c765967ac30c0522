/** Temporary directories on a disk. On a file system in memory a durable write costs nothing, and the figures would lie. */
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const inMemory: ReadonlySet<number> = new Set([0x01021994 /* tmpfs */, 0x858458f6 /* ramfs */])

const onDisk = (directory: string): boolean => {
  try {
    return !inMemory.has(statfsSync(directory).type)
  } catch {
    return false
  }
}

const rootOfRepository = join(import.meta.dirname, '..', '..')
const made = new Set<string>()

/** Removed by {@link removeDirectories}, and when the process ends. */
export function temporaryDirectory(name: string): string {
  const base = [tmpdir(), '/var/tmp'].find(onDisk) ?? join(rootOfRepository, 'node_modules', '.cache')
  mkdirSync(base, { recursive: true })
  const directory = mkdtempSync(join(base, `market-bench-${name}-`))
  made.add(directory)
  return directory
}

export function removeDirectories(): void {
  for (const directory of made) rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
  made.clear()
}

process.on('exit', removeDirectories)
