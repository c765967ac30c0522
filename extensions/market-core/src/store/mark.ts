/**
 * The mark: beside the store, how far it had come when a commit was last acknowledged. A log whose end is damaged looks
 * the same as one whose last write was cut short by a power loss; the mark tells them apart, because only what was
 * durable is ever marked. It is not synced itself: after a power loss it may be behind, which says nothing and harms
 * nothing, but it is never ahead of what was on disk.
 */
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { makePrivateFile } from './directory.ts'
import { unreadable } from './refusals.ts'

export const markName = 'acknowledged'

/** How far a store has come: later positions are larger, generation first. */
export interface Position {
  readonly generation: number
  readonly at: number
}

export class Mark {
  readonly #fd: number

  private constructor(fd: number) {
    this.#fd = fd
  }

  static open(directory: string): Mark {
    const path = join(directory, markName)
    makePrivateFile(path)
    const mark = new Mark(openSync(path, 'r+'))
    // Takes its place on the disk now, so that a disk that is full later has room for it.
    if (readMark(directory) === undefined) mark.set({ generation: 0, at: 0 })
    return mark
  }

  /** To be called when everything up to `position` is durable. */
  set(position: Position): void {
    try {
      writeSync(this.#fd, textOf(position), 0)
    } catch {
      // A mark that stays behind is what a power loss leaves, too: the commit that it is about is durable without it.
    }
  }

  close(): void {
    try {
      fsyncSync(this.#fd)
    } catch {
      // As above.
    } finally {
      closeSync(this.#fd)
    }
  }
}

/** Undefined when there is none, or none that can be read. */
export function readMark(directory: string): Position | undefined {
  let text: string
  try {
    text = readFileSync(join(directory, markName), 'latin1')
  } catch {
    return undefined
  }
  const [, generation, at] = /^(\d{16}) (\d{16}) /.exec(text) ?? []
  const position = { generation: Number(generation), at: Number(at) }
  return text === textOf(position) ? position : undefined
}

/** Whether anything was ever acknowledged here. A process that dies in its first opening leaves a mark and no log. */
export function isMarked(directory: string): boolean {
  const marked = readMark(directory)
  return marked !== undefined && compare(marked, { generation: 0, at: 0 }) > 0
}

/** @throws MarketError E_UNAVAILABLE when what was found on disk ends before what was acknowledged. */
export function assertMarked(directory: string, found: Position, what: string): void {
  const marked = readMark(directory)
  if (marked === undefined || compare(found, marked) >= 0) return
  throw unreadable(
    `${what} ends before what was acknowledged`,
    undefined,
    `If an older copy was put there on purpose, remove the file "${markName}" of the store directory.`,
  )
}

function compare(a: Position, b: Position): number {
  return a.generation - b.generation || a.at - b.at
}

/** Of one length, so that each is written over the one before it. */
function textOf({ generation, at }: Position): string {
  const position = [generation, at].map((each) => String(each).padStart(16, '0')).join(' ')
  return `${position} ${crc32(position).toString(16).padStart(8, '0')}\n`
}
