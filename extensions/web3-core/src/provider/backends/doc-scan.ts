/** Finds the documents of a folder. What cannot be read, is hidden or is a symbolic link is left out. */
import { constants } from 'node:fs'
import { lstat, open, readdir } from 'node:fs/promises'
import path from 'node:path'

export interface ScanBounds {
  readonly extensions: ReadonlySet<string>
  readonly maxFiles: number
  readonly maxFileBytes: number
  readonly maxTotalBytes: number
}

export interface FoundDoc {
  /** Relative to the folder, `/`-separated. */
  readonly path: string
  /** Changes when the file does. */
  readonly stamp: string
}

const maxDepth = 32

/** In the order of paths, so that the same files are left out each time a bound is met. @throws when the folder itself cannot be read. */
export async function scanDocs(root: string, bounds: ScanBounds): Promise<FoundDoc[]> {
  const found: FoundDoc[] = []
  let total = 0
  const visit = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(path.join(root, folder), { withFileTypes: true })
    entries.sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue
      const at = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory() && depth < maxDepth) {
        await visit(at, depth + 1).catch(() => undefined)
      } else if (entry.isFile() && bounds.extensions.has(extensionOf(entry.name))) {
        const info = await lstat(path.join(root, at), { bigint: true }).catch(() => undefined)
        if (info === undefined || !info.isFile() || info.size > bounds.maxFileBytes) continue
        total += Number(info.size)
        if (found.length >= bounds.maxFiles || total > bounds.maxTotalBytes) return
        found.push({ path: at, stamp: `${info.mtimeNs}:${info.size}:${info.ino}` })
      }
    }
  }
  await visit('', 0)
  return found
}

/** @returns undefined when it is gone, has become something else, or has grown beyond the bound. */
export async function readDoc(root: string, doc: string, maxBytes: number): Promise<Uint8Array | undefined> {
  try {
    // NONBLOCK: a pipe put in the file's place must not hold us.
    const file = await open(
      path.join(root, doc),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    )
    try {
      const info = await file.stat()
      if (!info.isFile() || info.size > maxBytes) return undefined
      const buffer = new Uint8Array(info.size)
      let size = 0
      while (size < buffer.length) {
        const { bytesRead } = await file.read(buffer, size, buffer.length - size, size)
        if (bytesRead === 0) break
        size += bytesRead
      }
      return buffer.subarray(0, size)
    } finally {
      await file.close()
    }
  } catch {
    return undefined
  }
}

export function extensionOf(name: string): string {
  return path.posix.extname(name).slice(1).toLowerCase()
}
