/**
 * The vault's file: all entries in one box, rewritten whole. A reader sees the file of before a write or of after it,
 * never a part, because the new one is synced beside it and renamed over it (rename(2)), and the name is synced too.
 *
 * Whole rather than a log: the vault is small and bounded, there is no torn tail to tell from a cut one, and no record
 * can be dropped, repeated or reordered by whoever may write the file.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { SecretBox } from '@openclaw-market/market-core'
import { MarketError } from '@openclaw-market/protocol/errors'

export interface VaultFile {
  /** The JSON of the last write; undefined when there has been none. */
  load(): Promise<unknown>
  /** Durable when it resolves. @throws MarketError E_UNAVAILABLE; then the file is that of before or of after. */
  save(json: unknown): Promise<void>
}

/** In the clear, so that a person or the doctor can tell what it is. */
const magic = Buffer.from('openclaw-web3-vault/1\n')
const context = 'consumer-vault/1'
const largest = 64 * 1_048_576

export function vaultFile(path: string, box: SecretBox): VaultFile {
  const directory = dirname(path)
  let known: string | undefined // which file we loaded or wrote; undefined: none
  let swept = false

  return {
    async load() {
      const found = await readWhole(path)
      known = found?.identity
      return found === undefined ? undefined : unseal(found.bytes, box)
    },
    async save(json) {
      const bytes = Buffer.concat([magic, box.seal(Buffer.from(JSON.stringify(json), 'utf8'), context)])
      const temporary = join(directory, `.${basename(path)}.${randomBytes(8).toString('hex')}.tmp`)
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 })
        if (!swept) await sweepUnfinished(directory, basename(path))
        swept = true
        if ((await identityAt(path)) !== known) throw inUse()
        const identity = await writeSynced(temporary, bytes)
        await rename(temporary, path)
        known = identity
        await syncDirectory(directory)
      } catch (error) {
        await unlink(temporary).catch(() => undefined)
        throw error instanceof MarketError ? error : unusable(error)
      }
    },
  }
}

function unseal(bytes: Buffer, box: SecretBox): unknown {
  if (!bytes.subarray(0, magic.length).equals(magic)) throw vaultDoesNotOpen()
  try {
    return JSON.parse(Buffer.from(box.open(bytes.subarray(magic.length), context)).toString('utf8'))
  } catch {
    throw vaultDoesNotOpen()
  }
}

async function readWhole(path: string): Promise<{ bytes: Buffer; identity: string } | undefined> {
  try {
    const handle = await open(path, 'r')
    try {
      const identity = await identityOf(handle)
      if ((await handle.stat()).size > largest) throw vaultDoesNotOpen()
      return { bytes: await handle.readFile(), identity }
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof MarketError) throw error
    if (codeOf(error) === 'ENOENT') return undefined
    throw unusable(error)
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<string> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
    return await identityOf(handle)
  } finally {
    await handle.close()
  }
}

/** Every write makes a new file; so another writer's shows, and is not overwritten. */
async function identityOf(handle: FileHandle): Promise<string> {
  const { dev, ino, size, mtimeNs } = await handle.stat({ bigint: true })
  return `${dev}:${ino}:${size}:${mtimeNs}`
}

async function identityAt(path: string): Promise<string | undefined> {
  try {
    const handle = await open(path, 'r')
    try {
      return await identityOf(handle)
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** What killed writes have left. At the first write, not when opened: a terminal that only reads must not disturb the gateway. */
async function sweepUnfinished(directory: string, name: string): Promise<void> {
  for (const entry of await readdir(directory)) {
    if (entry.startsWith(`.${name}.`) && /^[0-9a-f]{16}\.tmp$/.test(entry.slice(name.length + 2))) {
      await unlink(join(directory, entry)).catch(() => undefined)
    }
  }
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return // a directory cannot be synced there, and need not be
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export function vaultDoesNotOpen(): MarketError {
  return new MarketError(
    'E_NOT_CONFIGURED',
    'the vault of lease tokens does not open: it was changed, or closed with another passphrase',
    {
      details: { config: 'passphraseFile', reason: 'wrong-or-damaged' },
      hint: 'Point passphraseFile at the passphrase that the vault was made with. If that is the right one, restore the vault file from a backup; it has been left as it is.',
    },
  )
}

function inUse(): MarketError {
  return new MarketError('E_UNAVAILABLE', 'another process has changed the vault of lease tokens', {
    details: { reason: 'in-use' },
    hint: 'Let one gateway use this vault, and restart this one.',
  })
}

/** The system's message has the path in it, so only its code is kept. */
function unusable(error: unknown): MarketError {
  return new MarketError('E_UNAVAILABLE', 'the vault of lease tokens cannot be read or written', {
    details: { reason: codeOf(error) ?? 'unknown' },
    hint: 'Check free space and the rights of the vault file and its directory, then send the same request again.',
  })
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
