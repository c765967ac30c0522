/**
 * Files that hold secrets: made once, whole, with mode 0600, never overwritten, and read only while nobody else may.
 * Every failure is E_NOT_CONFIGURED and names the config key, never the path or the content (DESIGN §15).
 */
import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readdir, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { MarketError } from '@openclaw-market/protocol/errors'

/** A file by what the operator calls it (`config`) and where it is. */
export interface SecretFile {
  readonly config: 'passphraseFile' | 'keyDirectory'
  readonly path: string
}

/** Windows has no such mode bits; there the access list of the user's profile guards the file. */
const modesMatter = process.platform !== 'win32'
const othersBits = 0o077

export function notConfigured(
  config: SecretFile['config'],
  reason: string,
  message: string,
  hint: string,
): MarketError {
  return new MarketError('E_NOT_CONFIGURED', message, { details: { config, reason }, hint })
}

/**
 * The file's bytes, or undefined when there is none. Looks at the file that it has opened, so that it cannot be
 * exchanged in between; a symbolic link is followed, since secret mounts are made of them.
 */
export async function readSecretFile(
  { config, path }: SecretFile,
  maxBytes: number,
): Promise<Buffer | undefined> {
  let handle
  try {
    handle = await open(path, 'r')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw unusable(config, error)
  }
  try {
    const found = await handle.stat()
    if (!found.isFile()) {
      throw notConfigured(
        config,
        'not-a-file',
        `${config} names something that is not a regular file`,
        `Point ${config} at a regular file.`,
      )
    }
    if (modesMatter && (found.mode & othersBits) !== 0) {
      throw notConfigured(
        config,
        'exposed',
        `the file of ${config} may be read or changed by other users`,
        `Take the rights of group and others away (chmod 600 on the file of ${config}). If others may have read it, replace what it protects.`,
      )
    }
    if (found.size > maxBytes) {
      throw notConfigured(
        config,
        'too-large',
        `the file of ${config} is larger than ${maxBytes} bytes`,
        `Point ${config} at the right file.`,
      )
    }
    return await handle.readFile()
  } catch (error) {
    if (error instanceof MarketError) throw error
    throw unusable(config, error)
  } finally {
    await handle.close()
  }
}

/**
 * Makes the file durably, or leaves the one that is there. Written beside its place, synced, then hard-linked into it:
 * unlike rename, link fails when the name is taken, so whoever comes second keeps the first one's secret.
 */
export async function makeSecretFile(
  { config, path }: SecretFile,
  content: string,
): Promise<'made' | 'exists'> {
  const directory = dirname(path)
  const temporary = join(directory, `.${basename(path)}.${randomBytes(8).toString('hex')}.tmp`)
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    return await linkNew(temporary, path)
  } catch (error) {
    throw unusable(config, error)
  } finally {
    await unlink(temporary).catch(() => undefined) // gone already, or swept by another start
  }
}

async function linkNew(temporary: string, path: string): Promise<'made' | 'exists'> {
  try {
    await link(temporary, path)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return 'exists'
    // Another start has made the file and swept ours away as unfinished.
    if (codeOf(error) === 'ENOENT' && (await exists(path))) return 'exists'
    throw error
  }
  await syncDirectory(dirname(path))
  return 'made'
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** Removes what a start that was killed left beside the file. Call it once the file itself is in place. */
export async function sweepUnfinished({ path }: SecretFile): Promise<void> {
  const directory = dirname(path)
  const prefix = `.${basename(path)}.`
  const names = await readdir(directory).catch(() => [])
  for (const name of names) {
    if (name.startsWith(prefix) && /^[0-9a-f]{16}\.tmp$/.test(name.slice(prefix.length))) {
      await unlink(join(directory, name)).catch(() => undefined)
    }
  }
}

/** Makes the directory (0700) or makes sure that the one that is there is closed to others. */
export async function privateDirectory(config: SecretFile['config'], path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    const handle = await open(path, 'r')
    try {
      const found = await handle.stat()
      if (!modesMatter || (found.mode & othersBits) === 0) return
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw unusable(config, error)
  }
  throw notConfigured(
    config,
    'exposed',
    `${config} is open to other users`,
    `Close it (chmod 700 on ${config}), or name a directory of its own.`,
  )
}

/** Without this a power loss may forget the name of a file whose content is safe. Windows cannot and need not. */
async function syncDirectory(path: string): Promise<void> {
  if (!modesMatter) return
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The system's message has the path in it, so only its code is kept, and no cause. */
function unusable(config: SecretFile['config'], error: unknown): MarketError {
  const code = codeOf(error) ?? 'unknown'
  return notConfigured(
    config,
    code,
    `${config} cannot be used (${code})`,
    `Check that ${config} names a place that this process may read and write.`,
  )
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
