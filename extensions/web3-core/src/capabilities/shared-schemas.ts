/**
 * What several schemas of one document have in common stands once in its `$defs`, and they refer to it: a document is read
 * by a model, and most of it would be repetition. A `$ref` points into the document (`#/$defs/…`).
 */
import { without, withChildren, type JsonSchema } from './json-schema.ts'
import { bases, extensionOf, parts, same, type Named } from './known-schemas.ts'

export interface Shared {
  readonly $defs: Readonly<Record<string, JsonSchema>>
  /** In the order in which they were given. */
  readonly schemas: readonly JsonSchema[]
}

/** What a definition costs beside its text. */
const overhead = 20

export function shareSchemas(given: readonly JsonSchema[]): Shared {
  const schemas = given.map(knownByName)
  const seen = countSchemas(schemas)
  const $defs: Record<string, JsonSchema> = {}
  const placed = new Map<string, string>()

  const define = (name: string, schema: JsonSchema): void => {
    if (Object.hasOwn($defs, name)) return
    // Before its parts, so that the name is not taken by one of them.
    $defs[name] = {}
    $defs[name] = withChildren(schema, place)
  }
  const place = (schema: JsonSchema, key: string): JsonSchema => {
    const named = known.find(([name]) => schema['$ref'] === refTo(name))
    if (named !== undefined) define(...named)
    const text = JSON.stringify(schema)
    const name = placed.get(text) ?? freeName($defs, key)
    const times = seen.get(text) ?? 0
    const shorter = times * (text.length - JSON.stringify({ $ref: refTo(name) }).length)
    if (shorter <= text.length + overhead) return withChildren(schema, place)
    placed.set(text, name)
    define(name, schema)
    return { $ref: refTo(name) }
  }
  return { schemas: schemas.map((schema) => withChildren(schema, place)), $defs }
}

const known: readonly Named[] = [
  ...parts.map(([name, schema]): Named => [name, withChildren(schema, knownByName)]),
  ...bases.map(([name, base]): Named => [
    name,
    withChildren(without(base, 'additionalProperties'), knownByName),
  ]),
]

function freeName($defs: Readonly<Record<string, JsonSchema>>, wanted: string): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${wanted}${n}`
    if (!Object.hasOwn($defs, name) && !known.some(([other]) => other === name)) return name
  }
}

function refTo(name: string): string {
  return `#/$defs/${name}`
}

/** How often each sub-schema stands in them, when what stands in a repeated one is counted once. */
function countSchemas(schemas: readonly JsonSchema[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  const count = (schema: JsonSchema): JsonSchema => {
    const text = JSON.stringify(schema)
    const before = counts.get(text) ?? 0
    counts.set(text, before + 1)
    const named = known.find(([name]) => schema['$ref'] === refTo(name))
    if (named !== undefined && !counts.has(named[0])) {
      counts.set(named[0], 1)
      withChildren(named[1], count)
    }
    if (before === 0) withChildren(schema, count)
    return schema
  }
  for (const schema of schemas) withChildren(schema, count)
  return counts
}

/** The schema with everything that is known by name, or narrows or extends it, said by reference (2020-12 reads both). */
function knownByName(schema: JsonSchema): JsonSchema {
  return asPart(schema) ?? asExtension(schema) ?? withChildren(schema, knownByName)
}

function asPart(schema: JsonSchema): JsonSchema | undefined {
  const fitting = parts.filter(([, part]) =>
    Object.entries(without(part, 'description')).every(([keyword, value]) => same(schema[keyword], value)),
  )
  const found = fitting.find(([, { description }]) => description === schema['description']) ?? fitting[0]
  if (found === undefined) return undefined
  const [name, { description, ...rules }] = found
  const own = Object.entries(schema).filter(
    ([keyword, value]) =>
      !Object.hasOwn(rules, keyword) && !(keyword === 'description' && isSaid(value, description, name)),
  )
  return { $ref: refTo(name), ...Object.fromEntries(own) }
}

/** An object that has all fields of a base: the base, and its own fields. */
function asExtension(schema: JsonSchema): JsonSchema | undefined {
  const found = extensionOf(schema)
  if (found === undefined) return undefined
  const { properties: _p, required: _r, type: _t, additionalProperties: _a, ...rest } = schema
  const properties = Object.fromEntries(
    Object.entries(found.fields).map(([field, value]) => [field, knownByName(value)]),
  )
  return {
    ...rest,
    $ref: refTo(found.name),
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
    ...(found.required.length === 0 ? {} : { required: found.required }),
  }
}

/** Of an id its pattern and its name say all. */
function isSaid(description: unknown, already: unknown, name: string): boolean {
  return (
    description === already ||
    (typeof description === 'string' && description.startsWith('id, ') && name.endsWith('Id'))
  )
}
