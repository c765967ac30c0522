/** Which of all images of one moment are looked at: the plain ones, each change missing or alone, and any part by chance. */
import { createHash } from 'node:crypto'
import type { Dice } from '../run.ts'
import { sector, type Disk, type Files, type Pending, type Survival } from './disk.ts'

export interface Image {
  readonly how: string
  readonly files: Files
}

/** At most `most` images that differ. */
export function imagesOf(disk: Disk, dice: Dice, most: number): readonly Image[] {
  const images = new Map<string, Image>()
  for (const [how, survival] of survivals(disk.pending(), dice, most)) {
    if (images.size === most) break
    const files = disk.image(survival)
    const name = nameOf(files)
    if (!images.has(name)) images.set(name, { how, files })
  }
  return [...images.values()]
}

export function nameOf(files: Files): string {
  const hash = createHash('sha1')
  for (const [path, bytes] of files) hash.update(`${path}\n${bytes.length}\n`).update(bytes)
  return hash.digest('base64')
}

function* survivals(
  pending: readonly Pending[],
  dice: Dice,
  most: number,
): Generator<readonly [string, Survival]> {
  yield ['all', { keeps: () => true }]
  yield ['none', { keeps: () => false }]
  if (pending.length === 0) return
  // Three tries for each image that is wanted: many parts of a small whole are the same.
  for (let left = most * 3; left > 0; left--) yield chance(pending, dice)
}

function chance(pending: readonly Pending[], dice: Dice): readonly [string, Survival] {
  const chosen = dice.one(pending)
  switch (dice.below(8)) {
    case 0:
      return [`all but ${nameOfChange(chosen)}`, { keeps: (change) => change !== chosen }]
    case 1:
      return [`only ${nameOfChange(chosen)}`, { keeps: (change) => change === chosen }]
    case 2:
      return [`all until ${nameOfChange(chosen)}`, { keeps: (change) => change.order <= chosen.order }]
    case 3: {
      const cut = sectorOf(chosen, dice)
      return [
        `all until ${nameOfChange(chosen)}, torn at sector ${cut}`,
        { keeps: (change, at) => change.order < chosen.order || (change === chosen && at < cut) },
      ]
    }
    case 4: {
      const hole = sectorOf(chosen, dice)
      return [
        `all but sector ${hole} of ${nameOfChange(chosen)}`,
        { keeps: (change, at) => change !== chosen || at !== hole },
      ]
    }
    case 5:
      return ['only names and lengths', { keeps: (change) => 'names' in change.did, lengthens: true }]
    default: {
      const odds = 1 + dice.below(5)
      const torn = dice.oneIn(2)
      const salt = dice.below(2 ** 30)
      return [
        `each with odds ${odds} in 6${torn ? ', by sector' : ''} (${salt})`,
        {
          keeps: (change, at) => scatter(salt, change.order, torn ? at : 0) % 6 < odds,
          lengthens: dice.oneIn(2),
        },
      ]
    }
  }
}

/** The same answer whenever the same piece is asked about. */
function scatter(salt: number, order: number, at: number): number {
  let mixed = Math.imul(salt ^ Math.imul(order, 0x9e3779b1) ^ Math.imul(at + 1, 0x85ebca6b), 0xc2b2ae35)
  mixed ^= mixed >>> 15
  mixed = Math.imul(mixed, 0x27d4eb2f)
  return (mixed ^ (mixed >>> 13)) >>> 0
}

function sectorOf({ did }: Pending, dice: Dice): number {
  if (!('bytes' in did)) return 0
  const first = Math.floor(did.at / sector)
  return first + dice.below(Math.floor((did.at + did.bytes.length - 1) / sector) - first + 1)
}

function nameOfChange({ did, order }: Pending): string {
  if ('names' in did) return `names ${did.names.map(([name]) => name).join(', ')} (${order})`
  return 'size' in did ? `truncate to ${did.size} (${order})` : `write at ${did.at} (${order})`
}
