/** Ways to spoil a value at one place, many of them in vain: who takes them asks the validator which did. */
import type { Json, JsonObject, Schema } from './document.ts'
import type { Generator as Values } from './generator.ts'
import {
  alternatives,
  fieldsOf,
  requiredOf,
  resolved,
  withValueAt,
  type Defs,
  type Path,
} from './schema-walk.ts'

export interface Place {
  readonly schema: Schema
  readonly $defs: Defs
  readonly generator: Values
  /** Whether to make texts of many megabytes, too. */
  readonly huge: boolean
}

export function* proposals({ schema, $defs, generator, huge }: Place, params: JsonObject): Generator {
  yield* within(schema, params, [])

  function* within(at: Schema, value: unknown, path: Path): Generator {
    const whole = resolved(at, $defs)
    for (const by of spoiled(whole, value)) yield withValueAt(params, path, by)
    if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) yield* within(whole['items'] as Schema, item, [...path, i])
    } else if (value !== null && typeof value === 'object') {
      const patterns = fieldsOf(whole, 'patternProperties')
      for (const [name, item] of Object.entries(value)) {
        const field = fieldsOf(whole).find(([each]) => each === name) ?? patterns[0]
        if (field !== undefined) yield* within(field[1], item, [...path, name])
      }
    }
  }

  function* spoiled(whole: Schema, value: unknown): Generator {
    for (const other of [null, 7, 1.5, 'x', true, [], {}]) if (typeOf(other) !== typeOf(value)) yield other
    if (typeof value === 'string') yield* texts(whole, value, huge)
    else if (typeof value === 'number') yield* numbers(whole, value)
    else if (Array.isArray(value)) yield* lists(whole, value as readonly Json[])
    else if (value !== null && typeof value === 'object') yield* objects(whole, value as JsonObject)
    for (const rule of alternatives(whole, 'allOf')) {
      const then = rule['then']
      if (then !== undefined && value !== null && typeof value === 'object')
        yield* ofOtherCases(whole, value as JsonObject)
    }
  }

  function* objects(whole: Schema, value: JsonObject): Generator {
    for (const name of requiredOf(whole)) yield without(value, [name])
    for (const rule of alternatives(whole, 'allOf'))
      for (const name of requiredOf(rule)) yield without(value, [name])
    for (const name of ['unknown', 'a/b~c', '']) yield { ...value, [name]: 1 }
    const options = alternatives(whole, 'oneOf').flatMap(requiredOf)
    yield without(value, options)
    for (const [name, field] of fieldsOf(whole)) {
      if (!Object.hasOwn(value, name)) yield { ...value, [name]: generator.value(field, 'least') }
    }
    const together = requiredOf((whole['not'] ?? {}) as Schema)
    const fields = fieldsOf(whole).filter(([name]) => together.includes(name))
    yield {
      ...value,
      ...Object.fromEntries(fields.map(([name, field]) => [name, generator.value(field, 'least')])),
    }
    const [open] = fieldsOf(whole, 'patternProperties')
    const most = whole['maxProperties']
    if (open !== undefined && typeof most === 'number') {
      const names = Array.from({ length: most + 1 }, (_, i) => `k${i}`)
      yield Object.fromEntries(names.map((name) => [name, generator.value(open[1], 'least')]))
    }
  }

  /** The value of each field of a constant, as the other cases have it: what goes with one does not go with another. */
  function* ofOtherCases(whole: Schema, value: JsonObject): Generator {
    for (const [name, field] of fieldsOf(whole)) {
      const { enum: choices } = resolved(field, $defs)
      if (Array.isArray(choices) && Object.hasOwn(value, name))
        for (const choice of choices as readonly Json[]) yield { ...value, [name]: choice }
    }
  }

  function* lists(whole: Schema, value: readonly Json[]): Generator {
    const item = whole['items'] as Schema
    const { minItems, maxItems } = whole
    if (typeof minItems === 'number') yield value.slice(0, minItems - 1)
    const [first] = value
    if (first !== undefined) {
      yield [...value, first]
      const again = generator.value(item, 'least')
      const [unique, same] = [whole['x-uniqueBy'], whole['x-sameBy']]
      if (typeof unique === 'string')
        yield [...value, { ...(again as JsonObject), ...both(first, [unique, same]) }]
      if (typeof same === 'string') {
        for (let i = 0; i < 20; i++) {
          const other = generator.value(item, 'least') as JsonObject
          yield [first, other]
        }
      }
    }
    if (typeof maxItems === 'number') yield* tooMany(item, value, maxItems, whole['x-uniqueBy'])
  }

  function* tooMany(item: Schema, value: readonly Json[], most: number, by: unknown): Generator {
    const { enum: choices } =
      by === undefined
        ? {}
        : resolved(fieldsOf(resolved(item, $defs)).find(([name]) => name === by)?.[1] ?? {}, $defs)
    const items = Array.from({ length: most + 1 }, (_, i): Json => {
      const made = value[i] ?? generator.value(item, 'least')
      return Array.isArray(choices)
        ? { ...(made as JsonObject), [String(by)]: choices[i % choices.length] as Json }
        : made
    })
    yield items
    // Of short texts there may not be enough that differ.
    yield items.map((each, i) => (typeof each === 'string' ? each.replace(/.$/u, `${i}`) : each))
  }
}

function* texts(whole: Schema, value: string, huge: boolean): Generator {
  yield ''
  const { minLength, maxLength } = whole
  if (typeof minLength === 'number') yield value.slice(0, minLength - 1)
  if (typeof maxLength === 'number' && maxLength > 2_000_000) {
    if (huge) yield 'A'.repeat(maxLength + 4)
  } else if (typeof maxLength === 'number') {
    const last = /[\p{L}\p{N}]/u.exec(value)?.[0] ?? 'a'
    for (const more of [1, 4]) {
      yield value.padEnd(maxLength + more, last)
      yield 'A'.repeat(maxLength + more)
    }
    yield value.replace(/[^/]*$/, '').padEnd(maxLength + 1, 'a/a')
  }
  yield* [
    `${value}\u0000`,
    `${value}\n`,
    `${value}§`,
    `§${value}`,
    `${value}!`,
    `${value}0`,
    ' ',
    'never',
    '\ud800',
    'Ab',
    '_',
    '/x',
    'a/../b',
  ]
  // In the form that a pattern asks for, and still no day, no address, no base64.
  yield value.replace(/^\d{4}-\d\d-\d\d/, '2026-02-30')
  for (const [i, letter] of Array.from(value).entries()) {
    const other = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()
    if (i < 60 && other !== letter) yield `${value.slice(0, i)}${other}${value.slice(i + 1)}`
  }
  yield* [`${value}A`, 'QQ=', 'QR==']
}

function* numbers({ minimum, maximum }: Schema, value: number): Generator {
  if (typeof minimum === 'number') yield minimum - 1
  if (typeof maximum === 'number') yield maximum + 1
  yield value + 0.5
}

function without(value: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)))
}

function both(of: Json, names: readonly unknown[]): JsonObject {
  const object = of as JsonObject
  return Object.fromEntries(
    names.flatMap((name) =>
      typeof name === 'string' && object[name] !== undefined ? [[name, object[name]]] : [],
    ),
  )
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
}
