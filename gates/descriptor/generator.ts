/** Values that a schema allows, by chance: its bounds oftener than what lies between, absent fields as often as present ones. */
import fc from 'fast-check'
import type { Dice } from './dice.ts'
import type { Descriptor, Document, Json, JsonObject, Schema } from './document.ts'
import { repaired } from './repair.ts'
import { fieldsOf, requiredOf, resolved } from './schema-walk.ts'
import { anAddress, paramsSchema, type Schemas } from './schemas.ts'

/** How many of the fields that may be absent are there. */
export type Fill = 'all' | 'some' | 'least'

export interface Generator {
  value(schema: Schema, fill?: Fill): Json
  /** Valid parameters. */
  params(of: Descriptor, door: string, fill?: Fill): JsonObject
}

/** Longer texts than this are made only to break a bound. */
const longest = 2_000
const pieces = ['a', 'tide', ' ', 'ü', '.', '7', '-', 'Z', '"', '\\', '日', '😀']

export function generatorOf(document: Document, schemas: Schemas, dice: Dice): Generator {
  const { $defs } = document
  const examples = document.capabilities.flatMap(({ examples }) => textsIn(examples.valid))
  const arbitraries = new Map<string, fc.Arbitrary<string> | undefined>()

  const value = (schema: Schema, fill: Fill = 'some'): Json => {
    const whole = resolved(schema, $defs)
    if (whole['const'] !== undefined) return whole['const'] as Json
    if (Array.isArray(whole['enum'])) return dice.one(whole['enum'] as readonly Json[])
    switch (whole['type']) {
      case 'object':
        return object(whole, fill)
      case 'array':
        return list(whole, fill)
      case 'string':
        return text(whole)
      case 'boolean':
        return dice.oneIn(2)
      case 'integer':
        return number(whole)
      case 'number':
        return dice.oneIn(2) ? number(whole) : (bound(whole, 'minimum', 0) + bound(whole, 'maximum', 1)) / 4
      default:
        throw new Error(`nobody here makes a ${JSON.stringify(whole)}`)
    }
  }
  const object = (schema: Schema, fill: Fill): JsonObject => {
    const required = requiredOf(schema)
    const fields = fieldsOf(schema).flatMap(([name, field]) =>
      required.includes(name) || fill === 'all' || (fill === 'some' && dice.oneIn(2))
        ? [[name, value(field, fill)] as const]
        : [],
    )
    const more = fieldsOf(schema, 'patternProperties').flatMap(([pattern, field]) =>
      Array.from(
        { length: fill === 'least' ? 0 : 2 },
        () => [matching(pattern), value(field, fill)] as const,
      ),
    )
    return Object.fromEntries([...fields, ...more])
  }
  const list = (schema: Schema, fill: Fill): readonly Json[] => {
    const least = bound(schema, 'minItems', 0)
    const most = Math.min(bound(schema, 'maxItems', 3), least + 3)
    const length =
      fill === 'least' ? least : fill === 'all' ? Math.max(1, most) : least + dice.below(most - least + 1)
    return Array.from({ length }, () => value(schema['items'] as Schema, fill))
  }
  const number = (schema: Schema): number => {
    const least = bound(schema, 'minimum', 0)
    const most = bound(schema, 'maximum', Number.MAX_SAFE_INTEGER)
    return dice.one([least, most, least + dice.below(Math.min(most - least, 1_000) + 1)])
  }
  const text = (schema: Schema): string => {
    if (schema['format'] === 'date-time')
      return new Date(Date.UTC(2020, 0, 1) + dice.below(2 ** 31) * 100).toISOString()
    if (schema['format'] === 'evm-address') return anAddress(hex(20))
    if (schema['contentEncoding'] === 'base64')
      return Buffer.from(hex(dice.below(30)), 'hex').toString('base64')
    const least = bound(schema, 'minLength', 0)
    const most = Math.min(bound(schema, 'maxLength', longest), longest)
    const fits = (one: string): boolean =>
      one.length >= least &&
      one.length <= most &&
      (typeof schema['pattern'] !== 'string' || new RegExp(schema['pattern'], 'u').test(one))
    for (let tries = 0; tries < 50; tries++) {
      const made =
        typeof schema['pattern'] === 'string' && !dice.oneIn(3)
          ? matching(schema['pattern'])
          : words(least, most)
      if (fits(made)) return made
    }
    const example = examples.filter(fits)
    if (example.length === 0) throw new Error(`nobody here makes a text of ${JSON.stringify(schema)}`)
    return dice.one(example)
  }
  /** Anything, within lengths; a text at its longest is of characters that have one code unit. */
  const words = (least: number, most: number): string => {
    if (dice.oneIn(5)) return dice.one(['a', 'é', '"']).repeat(most)
    const wanted = least + dice.below(Math.max(1, Math.min(most, 40) / 2))
    let made = ''
    while (made.length < wanted) made += dice.one(pieces)
    return made
  }
  const matching = (pattern: string): string => {
    if (!arbitraries.has(pattern)) arbitraries.set(pattern, arbitraryOf(pattern))
    const arbitrary = arbitraries.get(pattern)
    if (arbitrary === undefined) return `${dice.one(examples)}${dice.one(pieces)}`
    return fc.sample(arbitrary, { numRuns: 1, seed: dice.below(2 ** 31) })[0] ?? ''
  }
  const hex = (bytes: number): string =>
    Array.from({ length: 2 * bytes }, () => dice.below(16).toString(16)).join('')

  const generator: Generator = {
    value,
    params(of, door, fill = 'some') {
      const schema = paramsSchema(of, door)
      const made = value(schema, fill)
      return repaired(made as JsonObject, {
        schema,
        $defs,
        errors: schemas.params(of, door),
        generator,
        dice,
      })
    },
  }
  return generator
}

/** Undefined for a pattern that looks ahead, which fast-check cannot follow. */
function arbitraryOf(pattern: string): fc.Arbitrary<string> | undefined {
  return pattern.includes('(?!') ? undefined : fc.stringMatching(new RegExp(pattern, 'u'))
}

function bound(schema: Schema, keyword: string, otherwise: number): number {
  const value = schema[keyword]
  return typeof value === 'number' ? value : otherwise
}

function textsIn(value: Json): readonly string[] {
  if (typeof value === 'string') return [value]
  if (value === null || typeof value !== 'object') return []
  return Object.values(value).flatMap(textsIn)
}
