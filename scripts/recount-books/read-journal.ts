/**
 * The file backend: the newest snapshot, if there is one, and the journal that follows it. Lines are
 * `<bytes> <checksum> <JSON>`; a checksum is the first 32 hex digits of SHA-256 over the checksum before it, a newline and
 * the JSON. The first line is a header, every other a list of changes; a snapshot ends with a count.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRecord, text, type RawRecord } from './raw-record.ts'
import type { Tables } from './raw-store.ts'

type Changing = Map<string, Map<string, RawRecord>>

export function readJournal(directory: string): Tables {
  const tables: Changing = new Map()
  const generation = Math.max(0, ...generationsOf(directory))
  let snapshotSum: string | undefined
  if (generation > 0) {
    const snapshot = readLines(directory, `snapshot-${generation}.jsonl`, 'whole')
    const records = snapshot.lines.slice(0, -1)
    for (const line of records) applyAll(tables, line)
    const end = snapshot.lines.at(-1)
    if (!isRecord(end) || end['records'] !== records.length) throw new Error('the snapshot has lost its end')
    snapshotSum = snapshot.sum
  }
  const journal = readLines(directory, `journal-${generation}.jsonl`, 'may be cut short')
  if (journal.header['snapshot'] !== snapshotSum) throw new Error('the journal does not follow its snapshot')
  for (const line of journal.lines) applyAll(tables, line)
  return tables
}

function generationsOf(directory: string): number[] {
  return readdirSync(directory).flatMap((name) => {
    const generation = /^snapshot-(\d+)\.jsonl$/.exec(name)?.[1]
    return generation === undefined ? [] : [Number(generation)]
  })
}

/** A write that a crash cut short was acknowledged to nobody: only a journal's last line may be one. */
function readLines(directory: string, name: string, end: 'whole' | 'may be cut short') {
  const bytes = readFileSync(join(directory, name))
  const lines: unknown[] = []
  let sum = ''
  let at = 0
  while (at < bytes.length) {
    const head = /^(\d{1,10}) ([0-9a-f]{32}) /.exec(bytes.toString('latin1', at, at + 44))
    const from = at + (head?.[0].length ?? 0)
    const to = from + Number(head?.[1] ?? 0)
    const json = bytes.subarray(from, to)
    const whole = head !== null && bytes[to] === 0x0a
    if (!whole || checksum(sum, json) !== head[2]) {
      const last = bytes.indexOf(0x0a, at) === -1
      if (end === 'may be cut short' && last) break
      throw new Error(`${name} is damaged at byte ${at}`)
    }
    sum = head[2] ?? ''
    lines.push(JSON.parse(json.toString('utf8')))
    at = to + 1
  }
  const header = lines.shift()
  if (!isRecord(header) || !/^openclaw-web3-market (journal|snapshot)$/.test(text(header, 'format'))) {
    throw new Error(`${name} is no file of a market`)
  }
  if (header['version'] !== 1)
    throw new Error(`${name} has format ${String(header['version'])}, which is not known here`)
  return { header, lines, sum }
}

function checksum(before: string, json: Buffer): string {
  return createHash('sha256').update(before).update('\n').update(json).digest('hex').slice(0, 32)
}

function applyAll(tables: Changing, changes: unknown): void {
  if (!Array.isArray(changes)) throw new Error('a line of the journal is no list of changes')
  for (const change of changes) {
    if (!isRecord(change)) throw new Error('a change of the journal is no object')
    const removes = 'remove' in change
    const name = text(change, removes ? 'remove' : 'put')
    const table = tables.get(name) ?? new Map<string, RawRecord>()
    tables.set(name, table)
    const key = text(change, 'key')
    const body = change['body']
    if (removes) table.delete(key)
    else if (isRecord(body)) table.set(key, body)
    else throw new Error(`${name} ${key} has no body`)
  }
}
