import fc from 'fast-check'
import { Type } from '@sinclair/typebox'
import { describe, expect, it } from 'vitest'
import { collection, isVisible } from './collection.ts'
import { allCollections } from './entities/all.ts'
import { codec } from './schema/codec.ts'
import { ActorId, closed } from './schema/scalars.ts'
import { jsonOf } from './schema/values.fixture.ts'

const actor = jsonOf(ActorId).map((json) => codec(ActorId).decode(json))

describe.each(allCollections)('$name', (of) => {
  const { schema, key, indexes, unique, tags, visibility, secrets } = of
  const fields = Object.keys(schema.properties)

  it('declares only fields that it has', () => {
    const named = [key, ...indexes, ...unique, ...tags, ...visibility.parties, ...secrets]
    for (const name of visibility.public === undefined ? named : [...named, visibility.public.field])
      expect(fields).toContain(name)
    expect(fields).toContain('rev')
    for (const name of unique) expect(indexes).toContain(name)
  })

  it('is seen by its parties, by everyone while public, by the market always, and by nobody else', () => {
    fc.assert(
      fc.property(jsonOf(schema), actor, (json, stranger) => {
        const entity = codec(schema).decode(json)
        const open =
          visibility.public !== undefined && entity[visibility.public.field] === visibility.public.equals
        expect(isVisible(of, entity, { as: 'market' })).toBe(true)
        expect(isVisible(of, entity, { as: 'nobody' })).toBe(open)
        expect(isVisible(of, entity, { as: 'actor', actorId: stranger })).toBe(open)
        for (const party of visibility.parties) {
          const actorId = entity[party] as ActorId | undefined
          if (actorId !== undefined) expect(isVisible(of, entity, { as: 'actor', actorId })).toBe(true)
        }
      }),
      { numRuns: 20 },
    )
  })
})

it('an absent party is nobody, not everybody', () => {
  const of = collection({
    name: 'thing',
    schema: closed({ rev: Type.Integer(), id: Type.String(), owner: Type.Optional(ActorId) }),
    key: 'id',
    visibility: { parties: ['owner'] },
  })
  const actorId = codec(ActorId).decode(`0x${'11'.repeat(20)}`)
  expect(isVisible(of, { rev: 0, id: 'a' }, { as: 'actor', actorId })).toBe(false)
  expect(isVisible(of, { rev: 0, id: 'a' }, { as: 'nobody' })).toBe(false)
})
