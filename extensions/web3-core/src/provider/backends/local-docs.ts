/**
 * Search in a folder of the provider's own documents. A result's URL is `docs:///` and the path within the folder, each
 * segment percent-encoded: it tells documents apart and says nothing of the machine. Only what matches `extensions`,
 * is not hidden, is no symbolic link and is at most 2 MiB is a document; at most 20 000 of them and 64 MiB.
 */
import { setImmediate as breathe } from 'node:timers/promises'
import path from 'node:path'
import type { SearchBackend } from './backend.ts'
import type { LocalDocsConfig } from './config.ts'
import { DocIndex, type IndexedDoc } from './doc-index.ts'
import { extensionOf, readDoc, scanDocs, type ScanBounds } from './doc-scan.ts'
import { defaultExtensions, docText } from './doc-text.ts'
import { invalid, stopped, unreported, upstreamFailure, type Report } from './failures.ts'
import { plainLine } from './plain-text.ts'
import { checkQuery } from './search-query.ts'

const scheme = 'docs:///'
/** Indexing runs in this thread; between batches others have their turn. */
const batchBytes = 262_144

export interface LocalDocsOptions {
  readonly config: Omit<LocalDocsConfig, 'driver'>
  readonly report?: Report
  /** A query looks for changed files when the last look is older than this. Default 5 000 ms. */
  readonly refreshMs?: number
  readonly now?: () => number
  readonly bounds?: Partial<Omit<ScanBounds, 'extensions'>>
}

export function localDocsBackend(options: LocalDocsOptions): SearchBackend {
  const { config, report = unreported, refreshMs = 5_000, now = Date.now } = options
  const root = config.directory
  const bounds: ScanBounds = {
    maxFiles: 20_000,
    maxFileBytes: 2_097_152,
    maxTotalBytes: 67_108_864,
    ...options.bounds,
    extensions: new Set<string>(config.extensions ?? defaultExtensions),
  }
  let index: DocIndex | undefined
  let closed = false
  let lookedAt: number | undefined
  let looking: Promise<void> | undefined

  async function look(into: DocIndex): Promise<void> {
    const known = into.stamps()
    const found = await scanDocs(root, bounds)
    const present = new Set(found.map((doc) => doc.path))
    into.update({ put: [], drop: [...known.keys()].filter((doc) => !present.has(doc)) })
    let put: IndexedDoc[] = []
    let size = 0
    const flush = async (): Promise<void> => {
      await breathe()
      // Closed in the meantime: there is nothing left to write to.
      if (!closed) into.update({ put, drop: [] })
      put = []
      size = 0
    }
    for (const { path: doc, stamp } of found) {
      if (closed) return
      if (known.get(doc) === stamp) continue
      const bytes = await readDoc(root, doc, bounds.maxFileBytes)
      const text = bytes === undefined ? undefined : docText(bytes, extensionOf(doc))
      // What is not text is taken in as nothing, so that it is not read again at every look.
      put.push({ path: doc, stamp, title: titleOf(text?.title, doc), body: text?.body ?? '' })
      size += bytes?.byteLength ?? 0
      if (size >= batchBytes || put.length >= 256) await flush()
    }
    await flush()
  }

  /** Everybody who asks during a look waits for the same one. */
  async function refreshed(): Promise<DocIndex> {
    if (closed) throw upstreamFailure('down')
    const into = (index ??= new DocIndex())
    if (looking === undefined && (lookedAt === undefined || now() - lookedAt >= refreshMs)) {
      looking = look(into)
        .then(
          () => void (lookedAt = now()),
          () => {
            report('folder-unreadable')
            throw upstreamFailure('down')
          },
        )
        .finally(() => (looking = undefined))
    }
    await looking
    if (closed) throw upstreamFailure('down')
    return into
  }

  return {
    kind: 'search',
    async query(query, signal) {
      checkQuery(query)
      const folder = folderOf(query.site)
      const ready = await orStopped(refreshed(), signal)
      const hits = ready.search(query.q, query.limit, folder)
      return {
        results: hits.map((hit) => {
          const snippet = plainLine(hit.snippet, 500)
          const url = scheme + hit.path.split('/').map(encodeURIComponent).join('/')
          return { title: hit.title, url, ...(snippet === '' ? {} : { snippet }) }
        }),
      }
    },
    close() {
      closed = true
      index?.close()
    },
  }
}

function titleOf(heading: string | undefined, doc: string): string {
  const title = heading === undefined ? '' : plainLine(heading, 200)
  return title === '' ? plainLine(path.posix.basename(doc), 200) : title
}

/** `guide`, `guide/` and `docs:///guide/` are the same folder: `guide/`. */
function folderOf(site: string | undefined): string {
  if (site === undefined) return ''
  const bare = site.startsWith(scheme) ? decoded(site.slice(scheme.length)) : site
  const folder = bare?.replace(/\/$/, '')
  if (folder === '') return ''
  const segments = folder?.split('/')
  if (segments === undefined || site.length > 512 || segments.some((s) => s === '' || s.startsWith('.'))) {
    throw invalid('/site', 'pattern', 'is not a folder of these documents')
  }
  return `${segments.join('/')}/`
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Waits, unless the caller stops waiting first; the work goes on for those who come later. */
async function orStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    work.catch(() => undefined)
    throw stopped(signal)
  }
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = (): void => reject(stopped(signal))
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
