/**
 * Storage in a folder of the provider's: one folder a tenant. What is kept of each tenant in memory is its list of
 * files, at most 10 000. One process serves a folder.
 */
import { randomBytes } from 'node:crypto'
import { readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { isMarketError, MarketError } from '@openclaw-market/protocol/errors'
import type { StorageBackend, StoredFile } from './backend.ts'
import type { FilesystemConfig } from './config.ts'
import { syncFolder, whatIsAt } from './durable-file.ts'
import { unreported, upstreamFailure, type Report } from './failures.ts'
import { checkedMime, checkPath, tenantFolder } from './storage-path.ts'
import { etagOf, ForeignFolder, TenantFiles } from './tenant-files.ts'

const maxFiles = 10_000
/** `.` begins no tenant's folder. */
const removedPrefix = '.removed-'
const tenantFolderPattern = /^[a-z0-9_]+(-[0-9a-f]{16})?$/

export interface FilesystemOptions {
  readonly config: Omit<FilesystemConfig, 'driver'>
  readonly report?: Report
  readonly now?: () => number
}

interface Tenant {
  /** Undefined: not read yet, or to be read again after a failure. */
  files: TenantFiles | undefined
  /** What the tenant counts for in the total. */
  bytes: number
  queue: Promise<unknown>
}

export function filesystemBackend(options: FilesystemOptions): StorageBackend {
  const { config, report = unreported, now = Date.now } = options
  const root = config.directory
  const tenants = new Map<string, Tenant>()
  let started: Promise<void> | undefined
  let total = 0

  const sum = (tenant: Tenant, bytes: number): void => {
    total += bytes - tenant.bytes
    tenant.bytes = bytes
  }

  async function load(folder: string, tenant: Tenant): Promise<TenantFiles> {
    if (tenant.files !== undefined) return tenant.files
    const files = await TenantFiles.load(path.join(root, folder))
    sum(tenant, files.index.bytes)
    tenant.files = files
    return files
  }

  /** Finishes removals that a crash interrupted and, where all tenants share a limit, counts what is there. */
  async function start(): Promise<void> {
    for (const entry of await readdir(root, { withFileTypes: true })) {
      if (entry.name.startsWith(removedPrefix)) {
        await rm(path.join(root, entry.name), { recursive: true, force: true })
      } else if (
        config.maxTotalBytes !== undefined &&
        entry.isDirectory() &&
        tenantFolderPattern.test(entry.name)
      ) {
        // A folder that cannot be read fails its own tenant's calls, not everybody's.
        await load(entry.name, of(entry.name)).catch((error: unknown) => void failure(error, report))
      }
    }
  }

  function of(folder: string): Tenant {
    const known = tenants.get(folder)
    if (known !== undefined) return known
    const made: Tenant = { files: undefined, bytes: 0, queue: Promise.resolve() }
    tenants.set(folder, made)
    return made
  }

  /** One call at a time for each tenant, and every failure in our words. */
  async function serve<T>(name: string, work: (folder: string, tenant: Tenant) => Promise<T>): Promise<T> {
    const folder = tenantFolder(name)
    try {
      started ??= start().catch((error: unknown) => {
        started = undefined
        throw error
      })
      await started
    } catch (error) {
      throw failure(error, report)
    }
    const tenant = of(folder)
    const turn = tenant.queue.then(async () => {
      try {
        return await work(folder, tenant)
      } catch (error) {
        // Half a put may be on disk: what is there is read anew.
        if (!isMarketError(error)) tenant.files = undefined
        throw failure(error, report)
      }
    })
    const settled = turn.then(
      () => undefined,
      () => undefined,
    )
    tenant.queue = settled
    try {
      return await turn
    } finally {
      // Nobody waits and nothing is kept: forget the tenant.
      if (tenant.queue === settled && tenant.files !== undefined && tenant.files.index.count === 0)
        tenants.delete(folder)
    }
  }

  return {
    kind: 'storage',
    close: () => tenants.clear(),

    put: (name, { path: at, bytes, mime }, limits) => {
      return serve(name, async (folder, tenant) => {
        checkPath(at)
        const type = checkedMime(mime)
        const files = await load(folder, tenant)
        files.index.checkFree(at)
        const before = files.index.file(at)
        const after = files.index.bytes + bytes.byteLength - (before?.size ?? 0)
        if (after > limits.maxTotalBytes) throw overQuota('bytes')
        if (before === undefined && files.index.count >= maxFiles) throw overQuota('files')
        const known = tenant.bytes
        // Counted before it is written, so that tenants who put at once cannot pass the limit together.
        if (total + after - known > (config.maxTotalBytes ?? Infinity)) {
          report('full')
          throw storageFailure()
        }
        sum(tenant, after)
        const file: StoredFile = {
          path: at,
          etag: etagOf(bytes),
          size: bytes.byteLength,
          mime: type,
          createdAt: now(),
        }
        try {
          await files.put(file, bytes)
        } catch (error) {
          sum(tenant, known)
          throw error
        }
        return file
      })
    },

    get: (name, at) =>
      serve(name, async (folder, tenant) => {
        checkPath(at)
        const files = await load(folder, tenant)
        const file = files.index.file(at)
        if (file === undefined)
          throw new MarketError('E_NOT_FOUND', 'there is no file of this path', {
            hint: 'List what is stored: paths are compared letter by letter.',
          })
        const bytes = await files.read(file)
        if (bytes !== undefined) return { ...file, bytes }
        report('altered')
        throw storageFailure()
      }),

    list: (name, query) =>
      serve(name, async (folder, tenant) => (await load(folder, tenant)).index.list(query)),

    usage: (name) =>
      serve(name, async (folder, tenant) => {
        const { bytes, count } = (await load(folder, tenant)).index
        return { bytes, files: count }
      }),

    remove: (name) =>
      serve(name, async (folder, tenant) => {
        const place = path.join(root, folder)
        const there = await whatIsAt(place)
        if (there !== undefined && !there.isDirectory()) throw new ForeignFolder()
        if (there !== undefined) {
          // Out of sight in one step; a crash afterwards leaves rubbish, not half a tenant.
          const rubbish = path.join(root, removedPrefix + randomBytes(8).toString('hex'))
          await rename(place, rubbish)
          await syncFolder(root)
          await rm(rubbish, { recursive: true, force: true })
        }
        tenant.files = undefined
        await load(folder, tenant)
      }),
  }
}

function overQuota(what: 'bytes' | 'files'): MarketError {
  return new MarketError('E_QUOTA_EXCEEDED', `the lease may not keep more ${what} stored`, {
    details: { limit: what },
    hint: 'Replace files that are not needed by smaller ones, or lease a larger storage.',
  })
}

function storageFailure(): MarketError {
  return upstreamFailure('error')
}

function failure(error: unknown, report: Report): MarketError {
  if (isMarketError(error)) return error
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
  report(error instanceof ForeignFolder ? 'foreign-folder' : (code ?? 'storage'))
  return storageFailure()
}
