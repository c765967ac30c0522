/**
 * The lines of journals and snapshots: `<bytes of the JSON> <checksum> <JSON>\n`. The checksum is the start of a SHA-256
 * over the checksum before it and the JSON, so that a line that is changed, lost, moved or doubled is noticed. The
 * length tells a line whose end was lost from a line whose newline was changed.
 */
import { createHash } from 'node:crypto'

export interface Frame {
  readonly text: string
  readonly sum: string
}

export function frame(previousSum: string, json: string): Frame {
  const sum = sumOf(previousSum, json)
  return { text: `${Buffer.byteLength(json)} ${sum} ${json}\n`, sum }
}

export type Step =
  | { readonly kind: 'frame'; readonly json: string; readonly sum: string; readonly end: number }
  /** The last line, and not whole: its write was cut short. */
  | { readonly kind: 'torn' }
  | { readonly kind: 'damaged' }

const sumLength = 32
const headBound = 10 + 1 + sumLength + 1

/** The line at `start`. */
export function readFrame(bytes: Buffer, start: number, previousSum: string): Step {
  const head = /^(\d{1,10}) ([0-9a-f]{32}) /.exec(bytes.toString('latin1', start, start + headBound))
  if (head !== null) {
    const from = start + head[0].length
    const to = from + Number(head[1])
    const json = to <= bytes.length ? bytes.toString('utf8', from, to) : undefined
    if (json !== undefined && sumOf(previousSum, json) === head[2]) {
      if (bytes[to] === newline) return { kind: 'frame', json, sum: head[2], end: to + 1 }
      return { kind: to === bytes.length ? 'torn' : 'damaged' }
    }
  }
  const end = bytes.indexOf(newline, start)
  return { kind: end === -1 || end === bytes.length - 1 ? 'torn' : 'damaged' }
}

const newline = 0x0a

function sumOf(previousSum: string, json: string): string {
  return createHash('sha256').update(previousSum).update('\n').update(json).digest('hex').slice(0, sumLength)
}
