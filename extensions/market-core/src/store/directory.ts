/** The store's directory: private to its user, and durable before anything is said to be in it. */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

/** Makes the directory with mode 0700; one that others may read is closed to them when it is empty or a store's own. */
export function prepareDirectory(directory: string): void {
  makeDirectory(directory)
  // Names that a killed process had made and not synced: from now on something rests on them.
  syncDirectory(directory)
  const shared = (statSync(directory).mode & 0o077) !== 0
  if (shared && (existsSync(join(directory, 'lock.db')) || readdirSync(directory).length === 0))
    chmodSync(directory, 0o700)
}

/** Level by level, each durable before the next, so that a process that is killed leaves one unsynced at most: the deepest. */
function makeDirectory(directory: string): void {
  const above = dirname(directory)
  if (!existsSync(directory)) {
    makeDirectory(above)
    mkdirSync(directory, { recursive: true, mode: 0o700 }) // recursive: another process may have made it just now
  }
  try {
    syncDirectory(above)
  } catch (error) {
    // A place that this user may not even read is no place where this program made anything.
    if (!(error instanceof Error && 'code' in error && error.code === 'EACCES')) throw error
  }
}

/**
 * Makes an empty file with mode 0600 unless it is there. A file that is there is not opened: closing it again would
 * drop the POSIX locks that this process holds on it.
 */
export function makePrivateFile(path: string): void {
  let fd: number
  try {
    fd = openSync(path, 'wx', 0o600)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return
    throw error
  }
  closeSync(fd)
  syncDirectory(dirname(path))
}

/** So that names made, changed or removed in it survive a power loss. */
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/**
 * Makes durable what an earlier process has left in a file and this one reads, from `start` on. It may not have been
 * synced; and when its sync had failed, the kernel holds bytes for written that the disk never got: only writing them
 * again brings them there.
 */
export function settleFile(fd: number, start: number): void {
  const chunk = Buffer.alloc(1 << 20)
  for (let at = start; ;) {
    const read = readSync(fd, chunk, 0, chunk.length, at)
    if (read === 0) break
    for (let written = 0; written < read;)
      written += writeSync(fd, chunk, written, read - written, at + written)
    at += read
  }
  fsyncSync(fd)
}
