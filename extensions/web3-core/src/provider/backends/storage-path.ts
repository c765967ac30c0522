/** Which paths a leaseholder may name, and how they are told apart. A path is refused, never repaired. */
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import { invalid } from './failures.ts'

/** Names that are ours, in a tenant's folder. Whatever the case, since some file systems do not tell. */
export const internalPrefix = '.ocm'

const maxPathBytes = 512
const maxSegmentBytes = 128

/** @returns what is wrong, or undefined. */
export function pathProblem(path: string): string | undefined {
  if (path === '') return 'is empty'
  if (!path.isWellFormed()) return 'is not Unicode text'
  if (Buffer.byteLength(path) > maxPathBytes) return `is longer than ${maxPathBytes} bytes`
  if (/\p{Cc}/u.test(path)) return 'has control characters'
  if (path.includes('\\')) return 'has a backslash'
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'is absolute'
  if (path.normalize('NFC') !== path) return 'is not in Unicode normal form C'
  for (const segment of path.split('/')) {
    if (segment === '') return 'has an empty segment'
    if (segment === '.' || segment === '..') return 'has a segment . or ..'
    if (Buffer.byteLength(segment) > maxSegmentBytes)
      return `has a segment of more than ${maxSegmentBytes} bytes`
    if (segment.toLowerCase().startsWith(internalPrefix))
      return `has a segment that begins with ${internalPrefix}`
  }
  return undefined
}

/** @throws MarketError E_INVALID_ARGUMENT */
export function checkPath(path: string): void {
  const problem = pathProblem(path)
  if (problem !== undefined) throw invalid('/path', 'path', problem)
}

/** Equal for paths that a file system without letter case would take for one. */
export function foldedPath(path: string): string {
  return path.toUpperCase().toLowerCase().normalize('NFD')
}

/** The folders on the way: `a/b/c` has `a` and `a/b`. */
export function foldersOf(path: string): string[] {
  const folders: string[] = []
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) folders.push(path.slice(0, at))
  return folders
}

/**
 * The name of a tenant's folder. Tenants that differ by letter case only must not share a folder on a file system that
 * does not tell, so those with capitals carry a hash; `-` is in no tenant's name.
 * @throws MarketError E_INVALID_ARGUMENT
 */
export function tenantFolder(tenant: string): string {
  if (!/^[A-Za-z0-9_]{1,128}$/.test(tenant)) {
    throw invalid('/tenant', 'pattern', 'is not 1 to 128 of letters, digits and _')
  }
  const lower = tenant.toLowerCase()
  return lower === tenant ? tenant : `${lower}-${sha256Hex(tenant).slice(0, 16)}`
}

const mimePattern = /^[a-z0-9][a-z0-9.+-]{0,63}\/[a-z0-9][a-z0-9.+-]{0,63}(; ?charset=[a-z0-9._-]{1,32})?$/
export const defaultMime = 'application/octet-stream'

/** In lower case. @throws MarketError E_INVALID_ARGUMENT */
export function checkedMime(mime: string | undefined): string {
  const lower = (mime ?? defaultMime).toLowerCase()
  if (!mimePattern.test(lower)) throw invalid('/mime', 'pattern', 'is not a media type such as text/plain')
  return lower
}
