/** Whether the past is still the one that was signed: what checkpoints say, compared with what stands in the store. */
import { Checkpoints, type Checkpoint } from '@openclaw-market/protocol/entities/log'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import { rootAt } from './merkle.ts'
import { openNote, readCheckpoint, type TreeHead } from './signed-note.ts'
import { Misaligned, Tree } from './tree.ts'
import { atStart, isDifference, walkTile, type Place } from './walk.ts'

/** Runs a read of its own each time, so that others are served in between. */
export type Reads = <T>(fn: (tx: ReadTx) => Promise<T>) => Promise<T>

export interface Broken {
  /** `ahead`: more was signed than is there, as with an older copy. */
  readonly kind: 'rewritten' | 'ahead' | 'unsigned'
  readonly message: string
  /** Events before it are as they were logged. */
  readonly index?: number
}

export interface Trusted {
  readonly origin: string
  readonly publicKey: Buffer
}

/** What a checkpoint was signed for; undefined when it was not, by this key and for this log. */
export function headOf(note: string, { origin, publicKey }: Trusted): TreeHead | undefined {
  const text = openNote(note, origin, publicKey)
  const head = text === undefined ? undefined : readCheckpoint(text)
  return head?.origin === origin ? head : undefined
}

/** What a kept checkpoint says; undefined when it is not what was signed. */
export function headOfKept(kept: Checkpoint, trusted: Trusted): TreeHead | undefined {
  const head = headOf(kept.note, trusted)
  return head?.size === kept.size && head.root.toString('hex') === kept.rootHash ? head : undefined
}

/** Whether the tree begins with what was signed. */
export async function brokenHead(tx: ReadTx, head: TreeHead, trusted: Trusted): Promise<Broken | undefined> {
  const said = `the checkpoint of ${head.size} events`
  try {
    const tree = await Tree.read(tx)
    if (head.size > tree.size)
      return { kind: 'ahead', message: `the log has ${tree.size} events, and ${said} was signed` }
    if ((await rootAt(head.size, tree.nodes)).equals(head.root)) return undefined
    const { from, size } = await between(tx, tree, head, trusted)
    const [which, of] = [
      `one of the events at index ${from} to ${size - 1}`,
      `the checkpoint of ${size} events`,
    ]
    return { kind: 'rewritten', message: `${which} is not what it was when ${of} was signed` }
  } catch (error) {
    if (error instanceof Misaligned)
      return { kind: 'rewritten', message: `${error.message}, against ${said}` }
    throw error
  }
}

/** The newest checkpoint that holds, and the oldest after it that does not: what is wrong stands between them. */
async function between(
  tx: ReadTx,
  tree: Tree,
  head: TreeHead,
  trusted: Trusted,
): Promise<{ readonly from: number; readonly size: number }> {
  const { items } = await tx.list(Checkpoints, { filter: ({ size }) => size < head.size, limit: 100 })
  let { size } = head
  for (const kept of items) {
    const older = headOfKept(kept, trusted)
    if (older === undefined) continue
    if ((await rootAt(older.size, tree.nodes)).equals(older.root)) return { from: older.size, size }
    size = older.size
  }
  return { from: 0, size }
}

/** Reads every event again. @param walked told after each step; answers whether to go on */
export async function brokenEvent(
  read: Reads,
  walked: (place: Place) => boolean = () => true,
): Promise<Broken | undefined> {
  let place = atStart
  while (!place.ended) {
    const from = place
    const next = await read((tx) => walkTile(tx, from))
    if (isDifference(next)) {
      const { index, what } = next
      return { kind: 'rewritten', message: `the past was rewritten at index ${index}: ${what}`, index }
    }
    place = next
    if (!walked(place)) return undefined
  }
  return undefined
}
