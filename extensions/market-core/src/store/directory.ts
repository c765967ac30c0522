/** The store's directory: private to its user, and durable before anything is said to be in it. */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

/** Makes the directory with mode 0700; one that others may read is closed to them when it is empty or a store's own. */
export function prepareDirectory(directory: string): void {
  const made = mkdirSync(directory, { recursive: true, mode: 0o700 })
  if (made !== undefined) syncDirectory(dirname(made))
  const shared = (statSync(directory).mode & 0o077) !== 0
  if (shared && (existsSync(join(directory, 'lock.db')) || readdirSync(directory).length === 0))
    chmodSync(directory, 0o700)
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

export function syncFile(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** So that names made, changed or removed in it survive a power loss. */
export function syncDirectory(directory: string): void {
  syncFile(directory)
}
