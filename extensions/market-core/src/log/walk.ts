/** Reads every event again, a tile at a time, and compares it with what the tree has. Can rest between any two tiles. */
import { LogTiles, tileWidth } from '@openclaw-market/protocol/entities/log'
import { Events } from '@openclaw-market/protocol/entities/records'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import { foldUp, type Hash } from './merkle.ts'
import { hashesOf, leafOf, tileKey } from './tree.ts'

/** How far a walk has come: so many events, all of them as their tiles say. */
export interface Place {
  readonly index: number
  readonly cursor?: string
  readonly ended: boolean
}

export const atStart: Place = { index: 0, ended: false }

/** Where events and tree differ. */
export interface Difference {
  readonly index: number
  readonly what: string
}

export function isDifference(walked: Place | Difference): walked is Difference {
  return 'what' in walked
}

/** The next tile, or what comes after the last. @param tx sees everything */
export async function walkTile(tx: ReadTx, { index, cursor }: Place): Promise<Place | Difference> {
  const from = cursor === undefined ? {} : { cursor }
  const page = await tx.list(Events, { order: 'oldest', limit: tileWidth, ...from })
  const tile = await tx.get(LogTiles, tileKey(0, index / tileWidth))
  const end = index + page.items.length
  if (tile === undefined) {
    if (page.items.length === tileWidth) return { index, what: 'their tile is missing' }
    const more = await tx.get(LogTiles, tileKey(0, index / tileWidth + 1))
    return more === undefined ? { index: end, ended: true } : { index, what: 'their tile is missing' }
  }
  const hashes = hashesOf(tile)
  for (const [i, event] of page.items.entries()) {
    if (!leafOf(event).equals(hashes[i] ?? nothing))
      return { index: index + i, what: `event ${event.eventId} is not the one that was logged there` }
  }
  if (page.items.length < tileWidth) return { index: end, what: 'events that were logged are missing' }
  if (page.items[0]?.eventId !== tile.firstEventId || page.items.at(-1)?.eventId !== tile.lastEventId)
    return { index, what: 'their tile names other events' }
  const wrong = await checkAbove(tx, 1, index / tileWidth, foldUp(hashes))
  if (wrong !== undefined) return { index, what: wrong }
  return page.nextCursor === undefined
    ? { index: end, ended: (await tx.get(LogTiles, tileKey(0, end / tileWidth))) === undefined }
    : { index: end, cursor: page.nextCursor, ended: false }
}

const nothing = Buffer.alloc(0)

/** Whether a tile above, as far as there is one, has this root at its place; and when it is its last, the tiles above that. */
async function checkAbove(tx: ReadTx, level: number, index: number, root: Hash): Promise<string | undefined> {
  const tile = await tx.get(LogTiles, tileKey(level, Math.floor(index / tileWidth)))
  if (tile === undefined) return undefined
  const hashes = hashesOf(tile)
  if (!root.equals(hashes[index % tileWidth] ?? nothing))
    return `tile ${tile.tileKey} has another root for them`
  if (index % tileWidth < tileWidth - 1) return undefined
  return checkAbove(tx, level + 1, Math.floor(index / tileWidth), foldUp(hashes))
}
