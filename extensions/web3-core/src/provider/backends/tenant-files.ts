/**
 * One tenant's folder: the files at their paths, and `.ocm/` with their sidecars and what is being written. One call at
 * a time (the backend sees to that). Files that were not put through here are neither listed nor answered.
 */
import { createHash } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import type { StoredFile } from './backend.ts'
import { ensureFolder, moveInto, readWhole, syncFolder, whatIsAt, writeTemporary } from './durable-file.ts'
import { maxSidecarBytes, readSidecar, sidecarName } from './sidecar.ts'
import { foldersOf, internalPrefix } from './storage-path.ts'
import { conflict, TenantIndex } from './tenant-index.ts'

/** Something that this backend did not make stands where it keeps its own. */
export class ForeignFolder extends Error {
  override readonly name = 'ForeignFolder'
}

export class TenantFiles {
  readonly #root: string
  readonly #meta: string
  readonly #temporary: string
  readonly index = new TenantIndex()

  private constructor(root: string) {
    this.#root = root
    this.#meta = path.join(root, internalPrefix, 'meta')
    this.#temporary = path.join(root, internalPrefix, 'tmp')
  }

  /** Reads what is there, and clears away what a crash left half done. */
  static async load(root: string): Promise<TenantFiles> {
    const files = new TenantFiles(root)
    for (const folder of [root, path.join(root, internalPrefix), files.#meta]) {
      const there = await whatIsAt(folder)
      if (there === undefined) return files
      if (!there.isDirectory()) throw new ForeignFolder()
    }
    await files.#clearTemporary()
    for (const candidates of (await files.#sidecars()).values()) await files.#resolve(candidates)
    return files
  }

  async #clearTemporary(): Promise<void> {
    const there = await whatIsAt(this.#temporary)
    if (there === undefined) return
    if (!there.isDirectory()) throw new ForeignFolder()
    for (const name of await readdir(this.#temporary))
      await rm(path.join(this.#temporary, name), { force: true })
  }

  async #sidecars(): Promise<Map<string, StoredFile[]>> {
    const byPath = new Map<string, StoredFile[]>()
    for (const name of await readdir(this.#meta)) {
      const bytes = await readWhole(path.join(this.#meta, name), maxSidecarBytes)
      const file = bytes === undefined ? undefined : readSidecar(name, bytes)
      if (file !== undefined) byPath.set(file.path, [...(byPath.get(file.path) ?? []), file])
    }
    return byPath
  }

  /** Keeps the sidecar of the bytes that are in place; the others are of a put that did not happen, or is over. */
  async #resolve(candidates: readonly StoredFile[]): Promise<void> {
    const [first] = candidates
    if (first === undefined) return
    const place = path.join(this.#root, first.path)
    const size = (await this.#reachable(first.path)) ? (await whatIsAt(place))?.size : undefined
    let current = candidates.length === 1 && size === first.size ? first : undefined
    if (current === undefined && size !== undefined) {
      const bytes = await readWhole(place, Number.MAX_SAFE_INTEGER)
      const etag = bytes === undefined ? undefined : etagOf(bytes)
      current = candidates.find((file) => file.etag === etag)
      // The bytes in place may be known to the cache only; before the others go, they must last.
      if (current !== undefined) await syncFolder(path.dirname(place))
    }
    // Bytes that no sidecar describes were changed by somebody else: kept as they are, but no longer ours to answer.
    if (current !== undefined) this.index.set(current)
    for (const file of candidates) if (file !== current) await this.#dropSidecar(file)
  }

  async #dropSidecar(file: StoredFile): Promise<void> {
    await rm(path.join(this.#meta, sidecarName(file)), { force: true })
  }

  /** Whether every folder on the way is one, and not a link. */
  async #reachable(file: string): Promise<boolean> {
    for (const folder of ['', ...foldersOf(file)]) {
      if ((await whatIsAt(path.join(this.#root, folder)))?.isDirectory() !== true) return false
    }
    return true
  }

  async put(file: StoredFile, bytes: Uint8Array): Promise<void> {
    const place = path.join(this.#root, file.path)
    for (const folder of [this.#root, path.join(this.#root, internalPrefix), this.#meta, this.#temporary]) {
      if (!(await ensureFolder(folder))) throw new ForeignFolder()
    }
    for (const folder of foldersOf(file.path)) {
      if (!(await ensureFolder(path.join(this.#root, folder))))
        throw conflict('leads through something that is no folder')
    }
    const there = await whatIsAt(place)
    if (there !== undefined && !there.isFile()) throw conflict('names something that is no file')
    const before = this.index.file(file.path)
    const temporary = await writeTemporary(this.#temporary, bytes)
    try {
      const sidecar = await writeTemporary(this.#temporary, JSON.stringify(file))
      await moveInto(path.join(this.#meta, sidecarName(file)), sidecar)
      await moveInto(place, temporary)
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined)
      throw error
    }
    this.index.set(file)
    // Too late to fail: the file is stored. What stays behind is cleared at the next start.
    if (before !== undefined && before.etag !== file.etag)
      await this.#dropSidecar(before).catch(() => undefined)
  }

  /** @returns undefined when the bytes are gone or are not those that were put. */
  async read(file: StoredFile): Promise<Uint8Array | undefined> {
    if (!(await this.#reachable(file.path))) return undefined
    const bytes = await readWhole(path.join(this.#root, file.path), file.size)
    return bytes !== undefined && etagOf(bytes) === file.etag ? bytes : undefined
  }
}

export function etagOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
