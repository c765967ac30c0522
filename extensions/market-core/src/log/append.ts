/**
 * Appends events to the log, each in the write that it tells of, and the tiles that become complete with them. What is in
 * memory is only the tree's right edge; whether it still is that of the store is looked at in every write, because a write
 * before may have been undone.
 */
import type { Static } from '@sinclair/typebox'
import { LogTiles, tileWidth } from '@openclaw-market/protocol/entities/log'
import { Events, type Event } from '@openclaw-market/protocol/entities/records'
import type { EventId } from '@openclaw-market/protocol/ids'
import type { WriteTx } from '../store/store.ts'
import { foldUp, type Hash } from './merkle.ts'
import { leafOf, tileKey, Tree } from './tree.ts'

/** The incomplete tile at the right end of a level. */
interface Edge {
  /** Complete tiles before it. */
  complete: number
  hashes: Hash[]
  firstEventId: EventId | undefined
}

interface RightEdge {
  last: EventId | undefined
  readonly levels: Edge[]
}

/** @returns what appends an event in a write; it must be the last thing that the write does */
export function eventAppender(): (tx: WriteTx, event: Event) => Promise<void> {
  let known: RightEdge | undefined
  return async (tx, event) => {
    const { items } = await tx.list(Events, { limit: 1 })
    const edge = known !== undefined && known.last === items[0]?.eventId ? known : await edgeOf(tx)
    // Until all of it is written, nothing is known.
    known = undefined
    await tx.insert(Events, event)
    for (const tile of push(edge, event)) await tx.insert(LogTiles, tile)
    known = edge
  }
}

function push(edge: RightEdge, event: Event): readonly Static<typeof LogTiles.schema>[] {
  const tiles = []
  let [hash, firstEventId] = [leafOf(event), event.eventId]
  edge.last = event.eventId
  for (let level = 0; ; level++) {
    const at = (edge.levels[level] ??= { complete: 0, hashes: [], firstEventId: undefined })
    at.firstEventId ??= firstEventId
    at.hashes.push(hash)
    if (at.hashes.length < tileWidth) return tiles
    firstEventId = at.firstEventId
    tiles.push({
      rev: 0,
      tileKey: tileKey(level, at.complete),
      level,
      hashes: Buffer.concat(at.hashes).toString('base64'),
      firstEventId,
      lastEventId: event.eventId,
    })
    hash = foldUp(at.hashes)
    at.complete += 1
    at.hashes = []
    at.firstEventId = undefined
  }
}

/** From the store alone. */
async function edgeOf(tx: WriteTx): Promise<RightEdge> {
  const tree = await Tree.read(tx)
  const levels: Edge[] = []
  for (let level = 0; level === 0 || tree.complete(level - 1) > 0; level++) {
    const complete = tree.complete(level)
    const count = level === 0 ? tree.tail.length : tree.complete(level - 1) % tileWidth
    const hashes: Hash[] = []
    for (let i = 0; i < count; i++) hashes.push(await tree.entry(level, complete * tileWidth + i))
    const first =
      level === 0
        ? tree.tail[0]?.eventId
        : (await tx.get(LogTiles, tileKey(level - 1, complete * tileWidth)))?.firstEventId
    levels.push({ complete, hashes, firstEventId: count === 0 ? undefined : first })
  }
  return { last: await lastOf(tx), levels }
}

/** Gives events of a time before there were tiles theirs. */
export async function tileOldEvents(tx: WriteTx): Promise<void> {
  const { items } = await tx.list(LogTiles, { limit: 1 })
  if (items.length > 0) return
  const edge: RightEdge = { last: undefined, levels: [] }
  for (let cursor: string | undefined, ended = false; !ended;) {
    const from = cursor === undefined ? {} : { cursor }
    const page = await tx.list(Events, { order: 'oldest', limit: tileWidth, ...from })
    for (const event of page.items) for (const tile of push(edge, event)) await tx.insert(LogTiles, tile)
    cursor = page.nextCursor
    ended = cursor === undefined
  }
}

async function lastOf(tx: WriteTx): Promise<EventId | undefined> {
  return (await tx.list(Events, { limit: 1 })).items[0]?.eventId
}
