/** The smaller workload: records of every kind of change in a bare store, in batches, some of them refused half way. */
import { Type } from '@sinclair/typebox'
import { anyCollection, collection, type Collection } from '@openclaw-market/protocol/collection'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import type { FileStoreOptions } from '../../extensions/market-core/src/store/file/store.ts'
import type { MarketStore, WriteTx } from '../../extensions/market-core/src/store/store.ts'
import type { Dice } from '../run.ts'

const Notes = collection({
  name: 'note',
  schema: closed({
    rev: Type.Integer(),
    noteId: Type.String(),
    mark: Type.String(),
    shelf: Type.String(),
    words: Type.Array(Type.String()),
    text: Type.String(),
  }),
  key: 'noteId',
  indexes: ['shelf'],
  unique: ['mark'],
  tags: ['words'],
  keeping: 'ephemeral',
})
export const notes: readonly Collection[] = [anyCollection(Notes)]

/** A new generation after this much, so that a short history has several. (SQLite's part of this is in the child.) */
export const smallStore = (directory: string): FileStoreOptions => ({
  directory,
  collections: notes,
  snapshotAfterBytes: 24_000,
})

/** Some records are larger than a page, and a few than many. */
function textOf(dice: Dice, n: number): string {
  const length = dice.oneIn(12) ? 9_000 : dice.oneIn(4) ? 1_500 : dice.below(200)
  return `${n} `.repeat(length).slice(0, length)
}

async function change(tx: WriteTx, dice: Dice, life: number, n: number): Promise<void> {
  const { items } = await tx.list(Notes, { limit: 60 })
  for (let left = 1 + dice.below(4); left > 0; left--) {
    const chosen = items.length === 0 ? undefined : dice.one(items)
    const now = chosen === undefined ? undefined : await tx.get(Notes, chosen.noteId)
    const values = {
      shelf: `s${dice.below(5)}`,
      words: [`w${dice.below(9)}`, `v${n}`],
      text: textOf(dice, n),
    }
    if (now === undefined || dice.oneIn(2)) {
      const noteId = `${life}-${String(n).padStart(5, '0')}-${left}`
      await tx.insert(Notes, { rev: 0, noteId, mark: noteId, ...values })
    } else if (dice.oneIn(3)) await tx.remove(Notes, now.noteId)
    else await tx.update(Notes, { ...now, ...values, mark: `${now.noteId}/${life}-${n}` })
  }
}

/** Writes in batches of up to six. Ends early when the store takes no more. */
export async function writeNotes(
  write: MarketStore['write'],
  dice: Dice,
  life: number,
  writes: number,
): Promise<void> {
  let refused = 0
  let batch = 0
  for (let from = 0; from < writes && refused < 3; from += batch) {
    batch = Math.min(1 + dice.below(6), writes - from)
    const ends = await Promise.allSettled(
      Array.from({ length: batch }, (_, at) => {
        const undone = dice.oneIn(8)
        return write(async (tx) => {
          await change(tx, dice, life, from + at)
          if (undone) throw new Undone()
        })
      }),
    )
    if (ends.some((end) => end.status === 'rejected' && !(end.reason instanceof Undone))) refused++
  }
}

/** A write that gives itself up: nothing of it may stay. */
class Undone extends Error {
  override readonly name = 'Undone'
}
