/**
 * Every collection through every pair of eyes: random records of several actors, and each way to read them. What is not
 * one's own is not there: not in a list, not in its length, not in where its pages end, not by id, not by a unique field.
 */
import fc from 'fast-check'
import { expect } from 'vitest'
import type { Collection, Scope } from '@openclaw-market/protocol/collection'
import { allCollections } from '@openclaw-market/protocol/entities/all'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { jsonOf } from '../../packages/protocol/src/schema/values.fixture.ts'
import { backends, opened } from '../../extensions/market-core/src/store/conformance/shelf.ts'
import { writeCursor } from '../../extensions/market-core/src/store/page.ts'
import type { MarketStore, Query, ReadTx } from '../../extensions/market-core/src/store/store.ts'
import { diceOf, type Dice } from '../run.ts'
import { maySee, seen, type Entity } from './parties.ts'
import { PlainStore } from './plain-store.ts'

const actors = ['1', '2', '3'].map((digit) => codec(ActorId).decode(`0x${digit.repeat(40)}`))
const stranger = codec(ActorId).decode(`0x${'4'.repeat(40)}`)
const scopes: readonly Scope[] = [
  { as: 'nobody' },
  ...[...actors, stranger].map((actorId): Scope => ({ as: 'actor', actorId })),
]
const each = 24

/** @returns how many reads were compared */
export async function lookWithEveryEye(seed: number): Promise<number> {
  expect(allCollections.map(({ name }) => name).sort()).toEqual(Object.keys(seen).sort())
  const dice = diceOf(seed)
  const stores = [
    new PlainStore(),
    ...(await Promise.all(backends.map((kind) => opened(kind, { collections: allCollections })))),
  ]
  let reads = 0
  for (const of of allCollections) {
    const entities = randomEntities(of, dice, seed)
    for (const store of stores) {
      await store.write(async (tx) => {
        for (const entity of entities) await tx.insert(of, { ...entity })
      })
    }
    for (const scope of scopes) {
      const eye = new Eye(of, entities, scope)
      for (const [n, query] of [...Array(30).keys()].map(
        (n) => [n, randomQuery(of, entities, dice)] as const,
      ))
        for (const store of stores) {
          await look(store, scope, (tx) => eye.lists(tx, query))
          if (n === 0) await look(store, scope, (tx) => eye.gets(tx))
          reads++
        }
    }
  }
  await Promise.all(stores.map((store) => store.close()))
  return reads
}

function look(store: MarketStore, scope: Scope, check: (tx: ReadTx) => Promise<void>): Promise<void> {
  return store.read(scope, check)
}

/** What one pair of eyes must find of these records. */
class Eye {
  readonly #of: Collection
  readonly #all: readonly Entity[]
  readonly #mine: readonly Entity[]

  constructor(of: Collection, all: readonly Entity[], scope: Scope) {
    this.#of = of
    this.#all = all
    this.#mine = all.filter((entity) => maySee(of.name, entity, scope))
  }

  async gets(tx: ReadTx): Promise<void> {
    for (const entity of this.#all) {
      const should = this.#mine.includes(entity) ? entity : undefined
      expect(await tx.get(this.#of, this.#key(entity))).toEqual(should)
      for (const field of this.#of.unique)
        expect(await tx.find(this.#of, field, String(entity[field]))).toEqual(should)
    }
  }

  async lists(tx: ReadTx, query: Query<Collection['schema']>): Promise<void> {
    const { where = {}, tagged = {}, order, limit, cursor, atMost } = query
    const after = cursor === undefined ? undefined : Buffer.from(cursor, 'base64url').toString()
    const should = this.#mine.filter((entity) => {
      if (!Object.entries(where).every(([field, value]) => entity[field] === value)) return false
      if (!Object.entries(tagged).every(([field, value]) => [entity[field]].flat().includes(value)))
        return false
      if (atMost !== undefined && !(Number(entity[atMost.field] ?? Number.NaN) <= atMost.value)) return false
      const key = this.#key(entity)
      return after === undefined || (order === 'oldest' ? key > after : key < after)
    })
    const byKey = (a: Entity, b: Entity): number => (this.#key(a) < this.#key(b) ? -1 : 1)
    if (order === 'due' && atMost !== undefined)
      should.sort((a, b) => Number(a[atMost.field]) - Number(b[atMost.field]) || byKey(a, b))
    else should.sort(order === 'oldest' ? byKey : (a, b) => byKey(b, a))
    const last = should[limit - 1]
    const more = order !== 'due' && should.length > limit && last !== undefined
    expect(await tx.list(this.#of, query)).toEqual({
      items: should.slice(0, limit),
      ...(more ? { nextCursor: writeCursor(this.#key(last)) } : {}),
    })
  }

  #key(entity: Entity): string {
    return String(entity[this.#of.key])
  }
}

/** Whatever the schema allows, of these actors, with keys and unique fields that differ. */
function randomEntities(of: Collection, dice: Dice, seed: number): readonly Entity[] {
  const { by } = seen[of.name] ?? { by: [] }
  const samples = fc.sample(jsonOf(of.schema), { seed, numRuns: each })
  const entities = samples.map((json, n) => {
    const entity: Record<string, unknown> = { ...codec(of.schema).decode(json), rev: 0 }
    for (const field of by) if (entity[field] !== undefined) entity[field] = dice.one(actors)
    for (const field of [of.key, ...of.unique]) {
      const property = of.schema.properties[field]
      if (property?.['pattern'] === undefined && property?.['format'] === undefined)
        entity[field] = `${of.name}-${String(n).padStart(3, '0')}`
    }
    return entity
  })
  // Where the key is an actor, there is one record of each at most.
  return [...new Map(entities.map((entity) => [entity[of.key], entity])).values()]
}

/** Asks by what some record says, whoever's it is. */
function randomQuery(of: Collection, entities: readonly Entity[], dice: Dice): Query<Collection['schema']> {
  const some = dice.one(entities)
  const times = of.indexes.filter((field) => of.schema.properties[field]?.['format'] === 'date-time')
  const equal = of.indexes.filter((field) => typeof some[field] === 'string')
  const order = times.length > 0 && dice.oneIn(4) ? 'due' : dice.one(['newest', 'oldest'] as const)
  const time = order === 'due' ? dice.one(times) : undefined
  const field = equal.length > 0 && !dice.oneIn(3) ? dice.one(equal) : undefined
  const tag = of.tags[0]
  const tags = tag === undefined ? [] : [some[tag]].flat()
  return {
    order,
    limit: 1 + dice.below(each),
    ...(field === undefined ? {} : { where: { [field]: some[field] } }),
    ...(time === undefined ? {} : { atMost: { field: time, value: Number(some[time] ?? 0) } }),
    ...(tag !== undefined && typeof tags[0] === 'string' && dice.oneIn(3)
      ? { tagged: { [tag]: tags[0] } }
      : {}),
    ...(order !== 'due' && dice.oneIn(3) ? { cursor: writeCursor(String(some[of.key])) } : {}),
  }
}
