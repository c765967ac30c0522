/**
 * One change after the other. Those that arrive while a write runs share the next one, so that a burst of leases costs
 * a few rewrites of the file, not one each; every change still resolves only when it is on disk.
 */
import { Type } from '@sinclair/typebox'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { pruned, StoredEntry } from './vault-entry.ts'
import type { Entries } from './vault-entry.ts'
import { vaultDoesNotOpen } from './vault-file.ts'
import type { VaultFile } from './vault-file.ts'

/** What a change does and answers. With neither `put` nor `remove` nothing is written. */
export interface Change<T> {
  readonly result: T
  readonly put?: StoredEntry
  /** A token hash. */
  readonly remove?: string
}

export interface VaultWriter {
  /** As last written. */
  entries(): Entries
  /** @param decide looks at the entries and throws or says what is to be; called once, when its turn has come. */
  change<T>(decide: (entries: Entries) => Change<T>): Promise<T>
}

const content = codec(closed({ version: Type.Literal(1), entries: Type.Array(StoredEntry) }))
const entryCodec = codec(StoredEntry)

interface Waiting {
  /** Applies the change to the draft; the returned function tells its caller, once the draft is on disk. */
  apply(draft: Map<string, StoredEntry>): { readonly changed: boolean; settle(): void }
  fail(error: unknown): void
}

export async function vaultWriter(file: VaultFile, now: () => number): Promise<VaultWriter> {
  let entries = await load(file)
  let reload = false // after a failed write nobody knows which file is there
  let queue: Waiting[] = []
  let running = false

  async function commit(batch: readonly Waiting[]): Promise<void> {
    if (reload) entries = await load(file)
    reload = false
    const draft = pruned(entries, now())
    const applied = batch.flatMap((waiting) => {
      try {
        return [waiting.apply(draft)]
      } catch (error) {
        waiting.fail(error)
        return []
      }
    })
    if (applied.some(({ changed }) => changed)) {
      reload = true
      await file.save(content.encode({ version: 1, entries: [...draft.values()] }))
      reload = false
      entries = draft
    }
    for (const change of applied) change.settle()
  }

  async function run(): Promise<void> {
    running = true
    while (queue.length > 0) {
      const batch = queue
      queue = []
      await commit(batch).catch((error: unknown) => {
        for (const waiting of batch) waiting.fail(error) // those that have failed on their own stay as they are
      })
    }
    running = false
  }

  return {
    entries: () => entries,
    change: <T>(decide: (entries: Entries) => Change<T>): Promise<T> =>
      new Promise<T>((resolve, fail) => {
        queue.push({
          fail,
          apply: (draft) => {
            const { result, put, remove } = decide(draft)
            if (put !== undefined) draft.set(put.tokenHash, checked(put))
            if (remove !== undefined) draft.delete(remove)
            return { changed: put !== undefined || remove !== undefined, settle: () => resolve(result) }
          },
        })
        if (!running) void run()
      }),
  }
}

/** An entry that the file's own reader would refuse must never be written. @throws MarketError E_INVALID_ARGUMENT. */
function checked(entry: StoredEntry): StoredEntry {
  return entryCodec.decode(entryCodec.encode(entry))
}

async function load(file: VaultFile): Promise<Entries> {
  const json = await file.load()
  if (json === undefined) return new Map()
  if (content.problem(json) !== undefined) throw vaultDoesNotOpen()
  return new Map(content.decode(json).entries.map((entry) => [entry.tokenHash, entry]))
}
