/** All records of a simulated market at one moment. A state never changes; a write makes another one. */
import type { Static, TObject } from '@sinclair/typebox'
import type { Collection } from '@openclaw-market/protocol/collection'

export type Stored = Readonly<Record<string, unknown>> & { readonly rev: number }
/** By rising key. */
type Table = readonly Stored[]

export class State {
  readonly #tables: ReadonlyMap<string, Table>

  constructor(tables: ReadonlyMap<string, Table> = new Map()) {
    this.#tables = tables
  }

  /** By rising key. */
  all<S extends TObject>(of: Collection<S>): readonly Static<S>[] {
    return this.#table(of) as readonly Static<S>[]
  }

  get<S extends TObject>(of: Collection<S>, key: string): Static<S> | undefined {
    const table = this.#table(of)
    const at = place(table, of.key, key)
    const there = table[at]
    return there?.[of.key] === key ? there : undefined
  }

  with<S extends TObject>(of: Collection<S>, entity: Stored): State {
    const table = this.#table(of)
    const at = place(table, of.key, String(entity[of.key]))
    const there = table[at]?.[of.key] === entity[of.key]
    return this.#changed(of, table.toSpliced(at, there ? 1 : 0, entity))
  }

  without<S extends TObject>(of: Collection<S>, key: string): State {
    const table = this.#table(of)
    return this.#changed(
      of,
      table.filter((each) => each[of.key] !== key),
    )
  }

  #table<S extends TObject>(of: Collection<S>): Table {
    return this.#tables.get(of.name) ?? []
  }

  #changed<S extends TObject>(of: Collection<S>, table: Table): State {
    return new State(new Map(this.#tables).set(of.name, table))
  }
}

/** Where this key stands, or would. */
function place(table: Table, field: string, key: string): number {
  let low = 0
  let high = table.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (String(table[middle]?.[field]) < key) low = middle + 1
    else high = middle
  }
  return low
}

export interface Changed<T> {
  readonly before: T | undefined
  readonly after: T
}

/** What was put in or replaced between two states. */
export function changed<S extends TObject>(
  of: Collection<S>,
  before: State,
  after: State,
): readonly Changed<Static<S>>[] {
  if (before.all(of) === after.all(of)) return []
  const same = new Set<unknown>(before.all(of))
  return after
    .all(of)
    .filter((entity) => !same.has(entity))
    .map((entity) => ({ before: before.get(of, String(entity[of.key])), after: entity }))
}
