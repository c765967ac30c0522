/** Changes what stands in the files of a closed copy of a store, as somebody with an editor could. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import Database from 'better-sqlite3'
import { isRecord, parseJson, type JsonRecord } from '../scripts/gateway/json-value.ts'

/** Gives the record another body, or takes it out (undefined). Called with each record until it answers 'keep' no more. */
export type Edit = (body: JsonRecord) => JsonRecord | undefined | 'keep'

/**
 * @param sums whether the checksums are mended too, so that only the books themselves can tell
 * @throws when no record was edited
 */
export function tamper(
  store: string,
  collection: string,
  edit: Edit,
  sums: 'mended' | 'stale' = 'mended',
): void {
  const edited = existsSync(join(store, 'market.db'))
    ? tamperSqlite(join(store, 'market.db'), collection, edit, sums)
    : tamperJournal(store, collection, edit, sums)
  if (!edited) throw new Error(`no ${collection} was changed`)
}

function tamperSqlite(path: string, collection: string, edit: Edit, sums: 'mended' | 'stale'): boolean {
  const database = new Database(path)
  try {
    const rows = database.prepare<[], { key: string; body: string }>(
      `SELECT key, body FROM "${collection}" ORDER BY key`,
    )
    for (const { key, body } of rows.all()) {
      const next = edit(record(body))
      if (next === 'keep') continue
      if (next === undefined) database.prepare(`DELETE FROM "${collection}" WHERE key = ?`).run(key)
      else {
        const text = JSON.stringify(next)
        const sum = sums === 'mended' ? crc32(text) : crc32(body)
        database.prepare(`UPDATE "${collection}" SET body = ?, sum = ? WHERE key = ?`).run(text, sum, key)
      }
      return true
    }
    return false
  } finally {
    database.close()
  }
}

/** The records that are tampered with are written once, so that the first line that puts one is the only one. */
function tamperJournal(store: string, collection: string, edit: Edit, sums: 'mended' | 'stale'): boolean {
  const name = readdirSync(store).find((each) => each.startsWith('journal-')) ?? ''
  let edited = false
  let before = ''
  const lines = readFileSync(join(store, name), 'utf8').trimEnd().split('\n')
  const changed = lines.map((line) => {
    const [, sum = '', json = ''] = /^\d+ ([0-9a-f]{32}) (.*)$/s.exec(line) ?? []
    let next = json
    if (!edited && json.includes(`"put":"${collection}"`)) {
      next = JSON.stringify((parseJson(json) as unknown[]).flatMap((change) => editChange(change)))
    }
    before = sums === 'mended' ? checksum(before, next) : sum
    return `${Buffer.byteLength(next)} ${before} ${next}`
  })
  writeFileSync(join(store, name), `${changed.join('\n')}\n`)
  return edited

  function editChange(change: unknown): unknown[] {
    if (edited || !isRecord(change) || change['put'] !== collection || !isRecord(change['body']))
      return [change]
    const next = edit(change['body'])
    if (next === 'keep') return [change]
    edited = true
    return next === undefined ? [] : [{ ...change, body: next }]
  }
}

function checksum(before: string, json: string): string {
  return createHash('sha256').update(before).update('\n').update(json).digest('hex').slice(0, 32)
}

function record(json: string): JsonRecord {
  const body = parseJson(json)
  if (!isRecord(body)) throw new Error('a record is no object')
  return body
}
