import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isMarketError } from '@openclaw-market/protocol/errors'
import { prepareDirectory } from './directory.ts'
import { openFileStore } from './file/store.ts'
import { takeLock, type Lock } from './lock.ts'
import { foreign } from './refusals.ts'
import { databaseName, openSqliteStore } from './sqlite/store.ts'
import type { MarketStore, OpenStoreOptions } from './store.ts'

/**
 * Opens the store in a directory, making it when there is none. One process at a time.
 * @throws MarketError E_UNAVAILABLE when it is open elsewhere, damaged, of a later version, or not ours.
 */
export async function openStore(
  kind: MarketStore['backend'],
  options: OpenStoreOptions,
): Promise<MarketStore> {
  const directory = resolve(options.directory)
  let lock: Lock | undefined
  try {
    prepareDirectory(directory)
    lock = takeLock(directory)
    refuseOther(kind, directory)
    const open = kind === 'sqlite' ? openSqliteStore : openFileStore
    return unlocking(open({ ...options, directory }), lock)
  } catch (error) {
    lock?.release()
    if (isMarketError(error)) throw error
    throw foreign(
      'the store could not be opened',
      'See the log for the cause; look at the rights and the space of its directory.',
      error,
    )
  }
}

/** A directory holds the store of one backend; opening it as the other would look like an empty market. */
function refuseOther(kind: MarketStore['backend'], directory: string): void {
  const other =
    kind === 'sqlite'
      ? readdirSync(directory).some((name) => name.startsWith('journal-'))
      : existsSync(join(directory, databaseName))
  if (!other) return
  const holds = kind === 'sqlite' ? 'file' : 'sqlite'
  throw foreign(
    `this directory holds a store of the ${holds} backend`,
    `Open it as ${holds}, or give the ${kind} store another directory.`,
  )
}

/** The lock goes last: when the next process gets in, nothing of this one is at work any more. */
function unlocking(store: MarketStore, lock: Lock): MarketStore {
  let closing: Promise<void> | undefined
  return {
    backend: store.backend,
    collections: store.collections,
    read: (scope, fn) => store.read(scope, fn),
    write: (fn) => store.write(fn),
    findDamage: () => store.findDamage(),
    close: () => (closing ??= store.close().finally(() => lock.release())),
  }
}
