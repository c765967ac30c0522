/** What one tenant keeps: which paths, how much, and which names would stand in each other's way. No disk here. */
import { MarketError } from '@openclaw-market/protocol/errors'
import type { StoredFile } from './backend.ts'
import { invalid } from './failures.ts'
import { foldedPath, foldersOf, pathProblem } from './storage-path.ts'

export interface ListQuery {
  readonly prefix?: string
  readonly limit?: number
  readonly cursor?: string
}

interface Name {
  readonly path: string
  readonly kind: 'file' | 'folder'
}

export class TenantIndex {
  readonly #files = new Map<string, StoredFile>()
  readonly #names = new Map<string, Name>()
  #sorted: readonly string[] | undefined
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  get count(): number {
    return this.#files.size
  }

  file(path: string): StoredFile | undefined {
    return this.#files.get(path)
  }

  /** @throws MarketError E_CONFLICT when another name stands in the way of this path. */
  checkFree(path: string): void {
    for (const folder of foldersOf(path)) this.#checkName(folder, 'folder')
    this.#checkName(path, 'file')
  }

  #checkName(path: string, kind: Name['kind']): void {
    const name = this.#names.get(foldedPath(path))
    if (name === undefined || (name.path === path && name.kind === kind)) return
    if (name.path !== path)
      throw conflict('differs from a path that is stored only in the case of its letters')
    throw conflict(kind === 'file' ? 'names a folder' : 'leads through a file')
  }

  set(file: StoredFile): void {
    const before = this.#files.get(file.path)
    if (before === undefined) this.#sorted = undefined
    this.#bytes += file.size - (before?.size ?? 0)
    this.#files.set(file.path, file)
    for (const folder of foldersOf(file.path))
      this.#names.set(foldedPath(folder), { path: folder, kind: 'folder' })
    this.#names.set(foldedPath(file.path), { path: file.path, kind: 'file' })
  }

  /** By path, in the order of UTF-16 code units. @throws MarketError E_INVALID_ARGUMENT */
  list({ prefix = '', limit = 50, cursor }: ListQuery): { files: StoredFile[]; nextCursor?: string } {
    if (!Number.isInteger(limit) || limit < 1 || limit > 200) {
      throw invalid('/limit', 'maximum', 'is not a whole number from 1 to 200')
    }
    if (Buffer.byteLength(prefix) > 512) throw invalid('/prefix', 'maxLength', 'is longer than 512 bytes')
    const last = cursor === undefined ? undefined : fromCursor(cursor)
    this.#sorted ??= [...this.#files.keys()].sort()
    const sorted = this.#sorted
    const page: StoredFile[] = []
    for (
      let i = firstAtLeast(sorted, last !== undefined && last > prefix ? last : prefix);
      i < sorted.length;
      i++
    ) {
      const path = sorted[i] ?? ''
      if (path === last) continue
      if (!path.startsWith(prefix)) break
      const previous = page.at(-1)
      if (page.length === limit && previous !== undefined)
        return { files: page, nextCursor: toCursor(previous.path) }
      const file = this.#files.get(path)
      if (file !== undefined) page.push(file)
    }
    return { files: page }
  }
}

export function conflict(message: string): MarketError {
  return new MarketError('E_CONFLICT', `/path: ${message}`, { hint: 'Choose another path.' })
}

function firstAtLeast(sorted: readonly string[], wanted: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? '') < wanted) low = middle + 1
    else high = middle
  }
  return low
}

function toCursor(path: string): string {
  return Buffer.from(path).toString('base64url')
}

function fromCursor(cursor: string): string {
  const path = Buffer.from(cursor, 'base64url').toString()
  if (cursor.length > 1_024 || pathProblem(path) !== undefined || toCursor(path) !== cursor) {
    throw invalid('/cursor', 'cursor', 'is not a cursor of this list')
  }
  return path
}
