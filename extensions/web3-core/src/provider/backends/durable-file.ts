/** Files that are whole or not there, whatever happens in between, and never reached through a symbolic link. */
import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'

/** What is at a place, links not followed; undefined: nothing. */
export async function whatIsAt(place: string): Promise<Stats | undefined> {
  try {
    return await lstat(place)
  } catch (error) {
    // ENOTDIR: something on the way is no folder, so nothing can be there.
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined
    throw error
  }
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/** Makes what was renamed, made or removed in a folder last through a power loss. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** @returns false when something that is not a folder is there. */
export async function ensureFolder(folder: string): Promise<boolean> {
  const there = await whatIsAt(folder)
  if (there !== undefined) return there.isDirectory()
  await mkdir(folder, { mode: 0o700 })
  await syncFolder(path.dirname(folder))
  return true
}

/** A new file of a random name, on disk when this resolves. */
export async function writeTemporary(folder: string, bytes: Uint8Array | string): Promise<string> {
  const name = path.join(folder, randomBytes(16).toString('hex'))
  const handle = await open(
    name,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  )
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } catch (error) {
    await rm(name, { force: true }).catch(() => undefined)
    throw error
  } finally {
    await handle.close()
  }
  return name
}

/** Puts a temporary file in its place in one step, for good. */
export async function moveInto(place: string, temporary: string): Promise<void> {
  await rename(temporary, place)
  await syncFolder(path.dirname(place))
}

/** @returns undefined when there is no regular file at the place itself. */
export async function readWhole(place: string, maxBytes: number): Promise<Uint8Array | undefined> {
  try {
    const handle = await open(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const info = await handle.stat()
      if (!info.isFile() || info.size > maxBytes) return undefined
      return new Uint8Array(await handle.readFile())
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EISDIR', 'ENXIO'].some((code) => hasCode(error, code)))
      return undefined
    throw error
  }
}
