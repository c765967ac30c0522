/** The transactions of the store in memory: scope, revisions, refusals and order as in `store/transaction.ts` and `store/query.ts`. */
import type { Static, TObject } from '@sinclair/typebox'
import { isVisible, type Collection, type Scope } from '@openclaw-market/protocol/collection'
import { MarketError } from '@openclaw-market/protocol/errors'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { readCursor, writeCursor } from '../../extensions/market-core/src/store/page.ts'
import type { Page, Query, ReadTx, WriteTx } from '../../extensions/market-core/src/store/store.ts'
import { State, type Stored } from './state.ts'

export class MemoryRead implements ReadTx {
  readonly scope: Scope
  state: State

  constructor(state: State, scope: Scope) {
    this.state = state
    this.scope = scope
  }

  async get<S extends TObject>(of: Collection<S>, id: string): Promise<Static<S> | undefined> {
    return this.#seen(of, this.state.get(of, id))
  }

  async find<S extends TObject>(
    of: Collection<S>,
    field: keyof Static<S> & string,
    value: string,
  ): Promise<Static<S> | undefined> {
    if (!of.unique.includes(field)) throw new Error(`${of.name}.${field} is not unique`)
    return this.#seen(
      of,
      this.state.all(of).find((entity) => entity[field] === value),
    )
  }

  async list<S extends TObject>(of: Collection<S>, query: Query<S>): Promise<Page<Static<S>>> {
    if (!Number.isSafeInteger(query.limit) || query.limit < 1) throw new Error('a list needs a limit')
    const { order = 'newest', cursor, limit } = query
    const after = cursor === undefined ? undefined : readCursor(cursor)
    const keyOf = (entity: Static<S>): string => String(entity[of.key])
    const matching = this.state.all(of).filter((entity) => {
      if (!isVisible(of, entity, this.scope) || !matches(of, entity, query)) return false
      return after === undefined || (order === 'oldest' ? keyOf(entity) > after : keyOf(entity) < after)
    })
    const { atMost } = query
    if (order === 'newest') matching.reverse()
    else if (order === 'due') {
      if (atMost === undefined) throw new Error("the order 'due' needs atMost")
      matching.sort((a, b) => Number(a[atMost.field]) - Number(b[atMost.field]))
    }
    const items = matching.slice(0, limit)
    const last = items.at(-1)
    return order === 'due' || matching.length <= limit || last === undefined
      ? { items }
      : { items, nextCursor: writeCursor(keyOf(last)) }
  }

  #seen<S extends TObject>(of: Collection<S>, entity: Static<S> | undefined): Static<S> | undefined {
    return entity !== undefined && isVisible(of, entity, this.scope) ? entity : undefined
  }
}

function matches<S extends TObject>(of: Collection<S>, entity: Static<S>, query: Query<S>): boolean {
  const indexed = (field: string): unknown => {
    if (!of.indexes.includes(field)) throw new Error(`${of.name}.${field} is not indexed`)
    return entity[field]
  }
  for (const [field, value] of Object.entries(query.where ?? {})) if (indexed(field) !== value) return false
  for (const [field, value] of Object.entries(query.tagged ?? {})) {
    const tags: unknown = entity[field]
    if (!Array.isArray(tags) || !tags.includes(value)) return false
  }
  const { atMost, atLeast } = query
  if (atMost !== undefined && !(Number(indexed(atMost.field) ?? Number.NaN) <= atMost.value)) return false
  if (atLeast !== undefined && !(Number(indexed(atLeast.field) ?? Number.NaN) >= atLeast.value)) return false
  return query.filter?.(entity) ?? true
}

export class MemoryWrite extends MemoryRead implements WriteTx {
  constructor(state: State) {
    super(state, { as: 'market' })
  }

  async insert<S extends TObject>(into: Collection<S>, entity: Static<S>): Promise<void> {
    const key = String(entity[into.key])
    if (entity['rev'] !== 0) throw conflict(into, 'revision')
    if (this.state.get(into, key) !== undefined) throw conflict(into, 'key')
    this.#put(into, entity, 0)
  }

  async update<S extends TObject>(of: Collection<S>, entity: Static<S>): Promise<void> {
    if (of.keeping === 'append') throw conflict(of, 'keeping')
    const there = this.state.get(of, String(entity[of.key]))
    if (there === undefined || there['rev'] !== entity['rev']) throw conflict(of, 'revision')
    this.#put(of, entity, Number(entity['rev']) + 1)
  }

  async remove<S extends TObject>(from: Collection<S>, id: string): Promise<void> {
    if (from.keeping !== 'ephemeral') throw conflict(from, 'keeping')
    this.state = this.state.without(from, id)
  }

  #put<S extends TObject>(of: Collection<S>, entity: Static<S>, rev: number): void {
    const key = String(entity[of.key])
    for (const field of of.unique) {
      const holder = this.state.all(of).find((each) => each[field] === entity[field])
      if (holder !== undefined && String(holder[of.key]) !== key) throw conflict(of, 'unique')
    }
    this.state = this.state.with(of, written(of, { ...entity, rev }))
  }
}

/** As it comes back from a disk: what its JSON says and nothing else, never to be changed. */
function written<S extends TObject>(of: Collection<S>, entity: Static<S> & { rev: number }): Stored {
  const as = codec(of.schema)
  const json: unknown = JSON.parse(JSON.stringify(as.encode(entity)))
  const problem = as.problem(json)
  if (problem !== undefined)
    throw new Error(`a ${of.name} is kept that is none: ${problem.pointer} ${problem.message}`)
  return frozen({ ...as.revive(json), rev: entity.rev })
}

function frozen<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) frozen(part)
  return Object.freeze(value)
}

function conflict(of: { readonly name: string }, reason: string): MarketError {
  return new MarketError('E_CONFLICT', `a ${of.name} cannot be written: ${reason}`)
}
