/** Reads a generation back into memory. */
import { rowOfBody, type Layout } from '../layout.ts'
import { unreadable } from '../refusals.ts'
import type { Layouts } from '../transaction.ts'
import type { Change } from './changes.ts'
import { damaged, fileName, openFile } from './files.ts'
import { readFrame } from './frames.ts'
import type { End } from './journal.ts'
import type { Places } from './records.ts'
import { emptyState, onlyKey, putRow, removeRow, type State } from './state.ts'

/** Records of collections that are not declared now (a plugin that is off): kept as they are, by name and key. */
export type Others = Map<string, Map<string, string>>

export interface Loaded extends End {
  readonly state: State
  readonly others: Others
}

export function load(directory: string, generation: number, layouts: Layouts, places: Places): Loaded {
  const loading = new Loading(layouts, places)
  const snapshotSum = generation === 0 ? undefined : loading.snapshot(directory, generation)
  const journal = openFile(directory, 'journal', generation)
  if (journal.header.snapshot !== snapshotSum) {
    throw unreadable(`${journal.name} does not belong to ${fileName('snapshot', generation)}`)
  }
  let { start, sum } = journal
  let torn = false
  while (start < journal.bytes.length && !torn) {
    const step = readFrame(journal.bytes, start, sum)
    if (step.kind === 'damaged') throw damaged(journal.name, start)
    if (step.kind === 'torn') torn = true
    else {
      loading.apply(step.json)
      start = step.end
      sum = step.sum
    }
  }
  return { state: loading.state, others: loading.others, generation, end: start, sum, torn }
}

class Loading {
  state: State
  readonly others: Others = new Map()
  readonly #layouts: Layouts
  readonly #places: Places

  constructor(layouts: Layouts, places: Places) {
    this.#layouts = layouts
    this.#places = places
    this.state = emptyState(layouts.values())
  }

  /** @returns the checksum of its last line. */
  snapshot(directory: string, generation: number): string {
    const { name, bytes, start, sum } = openFile(directory, 'snapshot', generation)
    let at = start
    let previous = sum
    let records = 0
    for (;;) {
      const step = readFrame(bytes, at, previous)
      if (step.kind !== 'frame') throw damaged(name, at)
      previous = step.sum
      if (step.json.startsWith('{"records":')) {
        if (step.json !== endText(records) || step.end !== bytes.length) throw damaged(name, at)
        return previous
      }
      records += this.apply(step.json)
      at = step.end
    }
  }

  /** @returns how many changes there were. */
  apply(json: string): number {
    const changes = JSON.parse(json) as readonly Change[]
    for (const change of changes) {
      const collection = 'put' in change ? change.put : change.remove
      const layout = this.#layouts.get(collection)
      if (layout === undefined) this.#keep(collection, change)
      else if ('put' in change) this.#put(layout, change.body)
      else this.state = removeRow(this.state, this.#places.get(layout)!, change.key)
    }
    return changes.length
  }

  #put(layout: Layout, body: unknown): void {
    const row = rowOfBody(layout, body)
    const place = this.#places.get(layout)!
    for (const [at, { unique }] of layout.columns.entries()) {
      const value = row.columns[at] ?? null
      if (!unique || value === null) continue
      const holder = onlyKey(this.state.tables[place]!.columns[at]!, value)
      if (holder !== undefined && holder !== row.key)
        throw unreadable(`two records of ${layout.name} share a unique field`)
    }
    this.state = putRow(this.state, place, row)
  }

  #keep(collection: string, change: Change): void {
    let records = this.others.get(collection)
    if (records === undefined) this.others.set(collection, (records = new Map<string, string>()))
    if ('put' in change) records.set(change.key, JSON.stringify(change.body))
    else records.delete(change.key)
  }
}

/** The last line of a snapshot. */
export function endText(records: number): string {
  return JSON.stringify({ records })
}
