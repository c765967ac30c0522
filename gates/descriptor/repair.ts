/** Makes parameters that break a rule keep it, one rule at a time, by what the validator says of it. */
import type { ErrorObject } from 'ajv/dist/2020.js'
import type { Dice } from './dice.ts'
import type { Json, JsonObject, Schema } from './document.ts'
import type { Generator } from './generator.ts'
import { pathOf, requiredOf, schemaAt, valuesAt, withValueAt, type Defs, type Path } from './schema-walk.ts'
import type { Validator } from './schemas.ts'

export interface Repair {
  readonly schema: Schema
  readonly $defs: Defs
  readonly errors: Validator
  readonly generator: Generator
  readonly dice: Dice
}

/** What only says that another rule is broken. */
export function isWrapper({ keyword, schemaPath }: ErrorObject): boolean {
  return keyword === 'if' || /\/(oneOf|not)\//.test(schemaPath)
}

/** @throws when it cannot be mended */
export function repaired(params: JsonObject, repair: Repair): JsonObject {
  let at: unknown = params
  for (let round = 0; round < 100; round++) {
    const error = repair.errors(at).find((each) => !isWrapper(each))
    if (error === undefined) return at as JsonObject
    at = mended(at, error, repair)
  }
  throw new Error(
    `cannot be mended: ${JSON.stringify(at).slice(0, 500)} ${JSON.stringify(repair.errors(at)[0]?.message)}`,
  )
}

function mended(value: unknown, error: ErrorObject, { schema, $defs, generator, dice }: Repair): unknown {
  const path = pathOf(error.instancePath)
  const make = (at: Path): Json => generator.value(schemaAt(schema, at, $defs) ?? {}, 'least')
  const put = (at: Path, by: unknown): unknown => withValueAt(value, at, by)
  const items = (): readonly unknown[] =>
    (valuesAt({ value }, ['value', ...path].join('/'))[0] ?? []) as unknown[]
  const params = error.params as Readonly<Record<string, unknown>>
  switch (error.keyword) {
    case 'enum':
      return put(path, dice.one(params['allowedValues'] as readonly Json[]))
    case 'required': {
      const missing = [...path, String(params['missingProperty'])]
      return put(missing, make(missing))
    }
    case 'oneOf': {
      const options = (error.schema as readonly Schema[]).map(requiredOf)
      const passing = params['passingSchemas']
      if (passing === null)
        return dice
          .one(options)
          .reduce<unknown>((at, name) => withValueAt(at, [...path, name], make([...path, name])), value)
      const kept = dice.one(options)
      const others = options.filter((option) => option !== kept)
      return others.flat().reduce<unknown>((at, name) => withValueAt(at, [...path, name], undefined), value)
    }
    case 'not':
      return put([...path, dice.one(requiredOf(error.schema as Schema))], undefined)
    case 'false schema':
      return put(path, undefined)
    case 'uniqueItems':
      return put(
        path,
        unique(items(), (item) => JSON.stringify(item)),
      )
    case 'x-uniqueBy':
      return put(
        path,
        unique(items(), (item) => (item as JsonObject)[String(error.schema)]),
      )
    case 'x-sameBy': {
      const [first] = items() as readonly JsonObject[]
      return put([...path, '*', String(error.schema)], first?.[String(error.schema)])
    }
    default:
      return put(path, make(path))
  }
}

function unique(items: readonly unknown[], by: (item: unknown) => unknown): readonly unknown[] {
  return items.filter((item, i) => items.findIndex((other) => by(other) === by(item)) === i)
}
