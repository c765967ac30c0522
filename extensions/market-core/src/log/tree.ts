/**
 * The tree as one transaction sees it: complete tiles from the store, and what comes after the last of them from the events
 * themselves. Nothing else is kept of it, so that it cannot disagree with what is committed.
 */
import type { EntityOf } from '@openclaw-market/protocol/collection'
import { LogTiles, tileWidth } from '@openclaw-market/protocol/entities/log'
import { Events, type Event } from '@openclaw-market/protocol/entities/records'
import type { EventId } from '@openclaw-market/protocol/ids'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import { canonicalEvent } from '@openclaw-market/protocol/views/event'
import { foldUp, leafHash, type Hash, type Nodes } from './merkle.ts'

export type Tile = EntityOf<typeof LogTiles>

const hashBytes = 32
/** 2^8 hashes in a tile. */
const tileLevels = 8

export function tileKey(level: number, index: number): string {
  return `${level}/${String(index).padStart(12, '0')}`
}

export function hashesOf({ hashes }: Tile): readonly Hash[] {
  const bytes = Buffer.from(hashes, 'base64')
  return Array.from({ length: tileWidth }, (_, i) => bytes.subarray(i * hashBytes, (i + 1) * hashBytes))
}

/** A record is never changed in place, so that a store which gives the same object again need not have it hashed again. */
const leaves = new WeakMap<Event, Hash>()

export function leafOf(event: Event): Hash {
  const known = leaves.get(event)
  if (known !== undefined) return known
  const leaf = leafHash(canonicalEvent(event))
  leaves.set(event, leaf)
  return leaf
}

/** The log's tiles and its events do not fit together: one of them is not what was written. */
export class Misaligned extends Error {
  override readonly name = 'Misaligned'
}

export interface Leaf {
  readonly eventId: EventId
  readonly hash: Hash
}

/** Roots of complete tiles that were read before, by key. They never change once they are committed. */
export type RootMemory = Map<string, Hash>

const mostRemembered = 4_096

export class Tree {
  readonly #tx: ReadTx
  readonly #remembered: RootMemory
  readonly #tiles = new Map<string, readonly Hash[]>()
  /** Complete tiles of level 0. */
  readonly tiles: number
  /** Leaves after the last complete tile. */
  readonly tail: readonly Leaf[]

  private constructor(tx: ReadTx, remembered: RootMemory, tiles: number, tail: readonly Leaf[]) {
    this.#tx = tx
    this.#remembered = remembered
    this.tiles = tiles
    this.tail = tail
  }

  /**
   * @param tx sees everything
   * @throws Misaligned when there are more events after the last tile than would have made another
   */
  static async read(tx: ReadTx, remembered: RootMemory = new Map()): Promise<Tree> {
    const { items } = await tx.list(LogTiles, { where: { level: 0 }, limit: 1 })
    const last = items[0]
    const tail: Leaf[] = []
    const { items: newest } = await tx.list(Events, { limit: tileWidth })
    for (const event of newest) {
      if (last !== undefined && event.eventId <= last.lastEventId) break
      tail.push({ eventId: event.eventId, hash: leafOf(event) })
    }
    if (tail.length === tileWidth) throw new Misaligned('events stand after the last tile that no tile has')
    return new Tree(tx, remembered, last === undefined ? 0 : numberOf(last) + 1, tail.reverse())
  }

  get size(): number {
    return this.tiles * tileWidth + this.tail.length
  }

  readonly nodes: Nodes = async (level, index) => {
    const tileLevel = Math.floor(level / tileLevels)
    const width = 2 ** (level % tileLevels)
    const entries: Hash[] = []
    for (let i = 0; i < width; i++) entries.push(await this.entry(tileLevel, index * width + i))
    return foldUp(entries)
  }

  /** The `index`-th hash of a tile level: of a leaf, or the root of a complete tile of the level below. */
  async entry(level: number, index: number): Promise<Hash> {
    const tile = Math.floor(index / tileWidth)
    if (tile < this.complete(level)) return at(await this.tile(level, tile), index % tileWidth)
    if (level === 0) return at(this.tail, index - this.tiles * tileWidth).hash
    return this.#root(level - 1, index)
  }

  /** How many tiles of a level are complete. */
  complete(level: number): number {
    return Math.floor(this.tiles / tileWidth ** level)
  }

  async tile(level: number, index: number): Promise<readonly Hash[]> {
    const key = tileKey(level, index)
    let hashes = this.#tiles.get(key)
    if (hashes === undefined) {
      const tile = await this.#tx.get(LogTiles, key)
      if (tile === undefined) throw new Misaligned(`tile ${key} is missing`)
      this.#tiles.set(key, (hashes = hashesOf(tile)))
    }
    return hashes
  }

  async #root(level: number, index: number): Promise<Hash> {
    const key = tileKey(level, index)
    const known = this.#remembered.get(key)
    if (known !== undefined) return known
    const root = foldUp(await this.tile(level, index))
    if (this.#remembered.size >= mostRemembered) this.#remembered.clear()
    this.#remembered.set(key, root)
    return root
  }

  /** Where an event stands in the log; undefined when it does not. */
  async indexOf(eventId: EventId): Promise<number | undefined> {
    const inTail = this.tail.findIndex((leaf) => leaf.eventId === eventId)
    if (inTail >= 0) return this.tiles * tileWidth + inTail
    let [low, high] = [0, this.tiles]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const tile = await this.#tx.get(LogTiles, tileKey(0, middle))
      if (tile === undefined) throw new Misaligned(`tile ${tileKey(0, middle)} is missing`)
      if (eventId < tile.firstEventId) high = middle
      else if (eventId > tile.lastEventId) low = middle + 1
      else return this.#inTile(middle, eventId)
    }
    return undefined
  }

  async #inTile(tile: number, eventId: EventId): Promise<number | undefined> {
    const event = await this.#tx.get(Events, eventId)
    if (event === undefined) return undefined
    const leaf = leafOf(event)
    const place = (await this.tile(0, tile)).findIndex((hash) => hash.equals(leaf))
    if (place < 0) throw new Misaligned(`event ${eventId} is not what its tile has`)
    return tile * tileWidth + place
  }
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index]
  if (item === undefined) throw new Misaligned('a node beyond the end of the log')
  return item
}

function numberOf({ tileKey: key }: Tile): number {
  return Number(key.slice(key.indexOf('/') + 1))
}
