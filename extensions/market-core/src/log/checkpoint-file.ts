/**
 * The newest checkpoint in a file of its own, outside the store: who rewrites the store, or puts an older one in its place,
 * does not rewrite with it what the log had come to. Replaced whole and synced.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

export interface CheckpointFile {
  /** Undefined when there is none. */
  read(): string | undefined
  write(note: string): void
}

const mostBytes = 4_096

export function checkpointFile(path: string): CheckpointFile {
  return {
    read() {
      try {
        return readFileSync(path).subarray(0, mostBytes).toString('utf8')
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
        throw error
      }
    },
    write(note) {
      const beside = `${path}.new`
      writeSynced(beside, note)
      renameSync(beside, path)
      synced(openSync(dirname(path), 'r'), () => undefined)
    },
  }
}

function writeSynced(path: string, text: string): void {
  const fd = openSync(path, 'w', 0o600)
  synced(fd, () => void writeSync(fd, text))
}

function synced(fd: number, work: () => void): void {
  try {
    work()
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
