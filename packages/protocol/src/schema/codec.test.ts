import { Kind, OptionalKind, Type, type TSchema } from '@sinclair/typebox'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allCollections } from '../entities/all.ts'
import { isMarketError } from '../errors.ts'
import { codec } from './codec.ts'
import { closed } from './scalars.ts'
import { jsonOf } from './values.fixture.ts'

type Json = Record<string, unknown>

/** One thing done wrong to a value: where, and which rule must be named for it. */
interface Fault {
  readonly pointer: string
  readonly rule: string
  readonly spoil: () => void
}

const escape = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')

/** Every place of an entity, each with the ways to spoil it alone. */
function* faults(
  schema: TSchema,
  value: unknown,
  pointer: string,
  replace: (by: unknown) => void,
): Generator<Fault> {
  const kind = schema[Kind]
  if (kind === 'Unknown') return
  const named = kind === 'Union' ? 'enum' : kind === 'Literal' ? 'const' : 'type'
  yield { pointer, rule: named, spoil: () => replace(null) }
  yield { pointer, rule: named, spoil: () => replace(kind === 'Array' ? {} : []) }
  if (kind === 'Object') {
    const object = value as Json
    for (const odd of ['unknown', 'a/b~c', '', '__proto__x']) {
      yield {
        pointer: `${pointer}/${escape(odd)}`,
        rule: 'additionalProperties',
        spoil: () => void (object[odd] = 1),
      }
    }
    for (const [name, property] of Object.entries(schema['properties'] as Record<string, TSchema>)) {
      const at = `${pointer}/${escape(name)}`
      if (!Object.hasOwn(object, name)) continue
      if (!(OptionalKind in property))
        yield { pointer: at, rule: 'required', spoil: () => void delete object[name] }
      yield* faults(property, object[name], at, (by) => void (object[name] = by))
    }
  }
  if (kind === 'Array') {
    const items = value as unknown[]
    for (const i of items.keys())
      yield* faults(schema['items'] as TSchema, items[i], `${pointer}/${i}`, (by) => void (items[i] = by))
    if (schema['uniqueItems'] === true && items.length > 0 && items.length < Number(schema['maxItems'])) {
      yield { pointer, rule: 'uniqueItems', spoil: () => void items.push(items[0]) }
    }
  }
  if (kind === 'Record') {
    const record = value as Json
    yield {
      pointer: `${pointer}/a~1b~0c`,
      rule: 'additionalProperties',
      spoil: () => void (record['a/b~c'] = 'x'),
    }
  }
  if (kind === 'Integer') {
    yield { pointer, rule: 'type', spoil: () => replace(1.5) }
    if (schema['minimum'] !== undefined)
      yield { pointer, rule: 'minimum', spoil: () => replace(Number(schema['minimum']) - 1) }
    if (schema['maximum'] !== undefined)
      yield { pointer, rule: 'maximum', spoil: () => replace(Number(schema['maximum']) + 1) }
  }
  if (kind === 'String') {
    const { format, pattern, minLength, maxLength } = schema
    if (format === 'well-formed') {
      yield {
        pointer,
        rule: 'pattern',
        spoil: () => replace('a\u0085'.padEnd(Math.min(Number(minLength), 4), 'a')),
      }
      yield { pointer, rule: 'maxLength', spoil: () => replace('a'.repeat(Number(maxLength) + 1)) }
      yield { pointer, rule: 'format', spoil: () => replace('\ud800') }
      if (Number(minLength) > 0) yield { pointer, rule: 'minLength', spoil: () => replace('') }
    } else if (format !== undefined && pattern === undefined) {
      yield { pointer, rule: 'format', spoil: () => replace('never') }
    } else if (pattern !== undefined && format === undefined) {
      yield { pointer, rule: 'pattern', spoil: () => replace('§') }
    }
  }
}

const copy = (json: unknown): Json => JSON.parse(JSON.stringify(json)) as Json

describe.each(allCollections)('the codec of $name', ({ schema }) => {
  const { decode, encode, problem, revive } = codec(schema)

  it('reads what it writes and writes what it reads', () => {
    fc.assert(
      fc.property(jsonOf(schema), (json) => {
        expect(problem(json)).toBeUndefined()
        const before = copy(json)
        const inner = decode(json)
        expect(encode(inner)).toEqual(json)
        expect(decode(encode(inner))).toEqual(inner)
        expect(revive(copy(encode(inner)))).toEqual(inner)
        expect(json, 'the value that was read').toEqual(before)
      }),
      { numRuns: 40 },
    )
  })

  it('names place and rule of whatever single thing is wrong', () => {
    const [sample] = fc.sample(jsonOf(schema), { numRuns: 1, seed: 7 })
    const count = [...faults(schema, sample, '', () => undefined)].length
    expect(count).toBeGreaterThan(8)
    for (let i = 0; i < count; i++) {
      let json: unknown = copy(sample)
      const fault = [...faults(schema, json, '', (by) => void (json = by))][i]
      fault?.spoil()
      expect(problem(json), `${i}: ${JSON.stringify(json)}`).toMatchObject({
        pointer: fault?.pointer,
        rule: fault?.rule,
      })
    }
  })
})

describe('a refusal', () => {
  const { decode } = codec(
    closed({
      a: closed({ list: Type.Array(Type.Boolean(), { maxItems: 2 }) }),
      b: Type.Optional(Type.Integer()),
    }),
  )

  it('is E_INVALID_ARGUMENT with pointer and rule in its details, and says what to do', () => {
    const refused = thrown(() => decode({ a: { list: [true, 1] } }))
    expect(isMarketError(refused) && [refused.code, refused.details, refused.hint]).toEqual([
      'E_INVALID_ARGUMENT',
      { pointer: '/a/list/1', rule: 'type' },
      'Correct /a/list/1 so that it satisfies "type", then send again.',
    ])
  })

  it.each([
    ['nothing', undefined, '', 'type'],
    ['null', null, '', 'type'],
    ['a list', [], '', 'type'],
    ['text', '{}', '', 'type'],
    ['no field', {}, '/a', 'required'],
    ['an unknown field beside a missing one', { c: 1 }, '/c', 'additionalProperties'],
    ['an unknown field beside a wrong one', { a: 1, c: 1 }, '/c', 'additionalProperties'],
    ['too many items', { a: { list: [true, true, true] } }, '/a/list', 'maxItems'],
    ['null where a field may be absent', { a: { list: [] }, b: null }, '/b', 'type'],
    [
      'a prototype',
      JSON.parse('{"a":{"list":[]},"__proto__":{"b":1}}'),
      '/__proto__',
      'additionalProperties',
    ],
  ])('of %s', (_what, json, pointer, rule) => {
    expect(thrown(() => decode(json))).toMatchObject({
      code: 'E_INVALID_ARGUMENT',
      details: { pointer, rule },
    })
  })
})

function thrown(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
