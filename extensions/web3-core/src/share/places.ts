/**
 * Folders that the owner offers to share, looked at before anything is done with them. Refusals speak of the parameter and
 * never repeat the path (DESIGN §15).
 */
import { realpath, stat, statfs } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join, relative, sep } from 'node:path'
import { MarketError } from '@openclaw-market/protocol/errors'
import { scanDocs } from '../provider/backends/doc-scan.ts'
import { defaultExtensions } from '../provider/backends/doc-text.ts'

/** What stays free beside what is shared: a full disk stops more than a market. */
const leftFree = 1_000_000_000n

/** @returns the folder with links resolved. @throws MarketError E_NOT_FOUND, E_FORBIDDEN */
export async function openFolder(pointer: string, folder: string, stateDirectory: string): Promise<string> {
  const real = await realpath(folder).catch(() => undefined)
  if (real === undefined || !(await stat(real)).isDirectory()) {
    throw new MarketError('E_NOT_FOUND', `${pointer}: there is no such folder, or it may not be read`, {
      details: { pointer },
      hint: 'Name an existing folder by its absolute path.',
    })
  }
  const state = await realpath(stateDirectory).catch(() => stateDirectory)
  const home = await realpath(homedir()).catch(homedir)
  const why = whyPrivate(real, { state, home })
  if (why === undefined) return real
  throw new MarketError('E_FORBIDDEN', `${pointer}: the folder ${why}`, {
    details: { pointer },
    hint: 'Make a folder for what is to be shared, and name that.',
  })
}

/** Why a folder is not to be shared whole, however much its owner says so. Pure. */
export function whyPrivate(
  folder: string,
  { state, home }: { readonly state: string; readonly home: string },
): string | undefined {
  if (isWithin(folder, state) || isWithin(state, folder)) return 'is, holds or lies in the state of OpenClaw'
  if (isWithin(home, folder)) return 'is or holds the home of a user'
  if (folder.split(sep).some((part) => part.startsWith('.'))) return 'is hidden, or lies in a hidden one'
  return undefined
}

function isWithin(inner: string, outer: string): boolean {
  const way = relative(outer, inner)
  return way === '' || (!way.startsWith('..') && !isAbsolute(way))
}

export async function countDocuments(folder: string): Promise<number> {
  const extensions = new Set<string>(defaultExtensions)
  const bounds = { extensions, maxFiles: 20_000, maxFileBytes: 2_097_152, maxTotalBytes: 67_108_864 }
  return (await scanDocs(folder, bounds).catch(() => [])).length
}

/** @throws MarketError E_QUOTA_EXCEEDED */
export async function checkRoom(pointer: string, folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder, { bigint: true })
  const free = bavail * bsize
  if (free - leftFree >= BigInt(bytes)) return
  const most = free > leftFree ? free - leftFree : 0n
  throw new MarketError('E_QUOTA_EXCEEDED', `${pointer}: there is not so much room on that disk`, {
    details: { pointer, asked: bytes, most: most.toString() },
    hint: `At most ${most} bytes can be shared there; ${leftFree} stay free.`,
  })
}

/** Whether files can be read there now, and written where they are to be. */
export async function isThere(folder: string): Promise<boolean> {
  return stat(join(folder, '.')).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
