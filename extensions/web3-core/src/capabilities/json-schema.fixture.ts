/** A validator of its own for JSON Schema 2020-12, as far as our documents go: a keyword that it does not know is an error. */
type Json = Readonly<Record<string, unknown>>

type Rule = (value: unknown, rule: never, schema: Json, root: Json) => boolean

const isObject = (value: unknown): value is Json =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
const isString = (value: unknown): value is string => typeof value === 'string'
const isNumber = (value: unknown): value is number => typeof value === 'number'

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isObject,
  array: Array.isArray,
  string: isString,
  number: isNumber,
  integer: (value) => isNumber(value) && Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
}

/** Each holds of values that it is not about. */
const rules: Readonly<Record<string, Rule>> = {
  $ref: (value, ref: string, _schema, root) => holds(value, resolve(ref, root), root),
  type: (value, type: string) => types[type]?.(value) === true,
  enum: (value, values: readonly unknown[]) => values.includes(value),
  const: (value, only) => value === only,
  anyOf: (value, options: readonly Json[], _schema, root) =>
    options.some((option) => holds(value, option, root)),
  required: (value, names: readonly string[]) =>
    !isObject(value) || names.every((name) => Object.hasOwn(value, name)),
  properties: (value, fields: Readonly<Record<string, Json>>, _schema, root) =>
    !isObject(value) ||
    Object.entries(fields).every(
      ([name, field]) => !Object.hasOwn(value, name) || holds(value[name], field, root),
    ),
  patternProperties: (value, fields: Readonly<Record<string, Json>>, _schema, root) =>
    !isObject(value) ||
    Object.entries(value).every(([name, item]) =>
      Object.entries(fields).every(
        ([pattern, field]) => !new RegExp(pattern, 'u').test(name) || holds(item, field, root),
      ),
    ),
  additionalProperties: (value, allowed: false, schema) =>
    allowed ||
    !isObject(value) ||
    Object.keys(value).every(
      (name) =>
        Object.hasOwn((schema['properties'] ?? {}) as Json, name) ||
        Object.keys((schema['patternProperties'] ?? {}) as Json).some((pattern) =>
          new RegExp(pattern, 'u').test(name),
        ),
    ),
  maxProperties: (value, most: number) => !isObject(value) || Object.keys(value).length <= most,
  items: (value, item: Json, _schema, root) =>
    !Array.isArray(value) || value.every((each) => holds(each, item, root)),
  minItems: (value, least: number) => !Array.isArray(value) || value.length >= least,
  maxItems: (value, most: number) => !Array.isArray(value) || value.length <= most,
  uniqueItems: (value) =>
    !Array.isArray(value) || new Set(value.map((each) => JSON.stringify(each))).size === value.length,
  minLength: (value, least: number) => !isString(value) || value.length >= least,
  maxLength: (value, most: number) => !isString(value) || value.length <= most,
  pattern: (value, pattern: string) => !isString(value) || new RegExp(pattern, 'u').test(value),
  format: (value, format: string) =>
    format === 'date-time' && (!isString(value) || !Number.isNaN(Date.parse(value))),
  minimum: (value, least: number) => !isNumber(value) || value >= least,
  maximum: (value, most: number) => !isNumber(value) || value <= most,
  description: () => true,
  $defs: () => true,
}

function resolve(ref: string, root: Json): Json {
  const [, name] = /^#\/\$defs\/([A-Za-z0-9]+)$/.exec(ref) ?? []
  const found = name === undefined ? undefined : (root['$defs'] as Readonly<Record<string, Json>>)[name]
  if (found === undefined) throw new Error(`${ref} points nowhere`)
  return found
}

/** @param root where references start: the schema with `$defs` beside it */
export function holds(value: unknown, schema: Json, root: Json = schema): boolean {
  return Object.entries(schema).every(([keyword, rule]) => {
    const check = rules[keyword]
    if (check === undefined) throw new Error(`unknown keyword ${keyword}`)
    return check(value, rule as never, schema, root)
  })
}

/** Every reference in it and in what it refers to. @throws when one points nowhere */
export function references(schema: unknown, root: Json, seen = new Set<string>()): ReadonlySet<string> {
  if (Array.isArray(schema)) for (const each of schema) references(each, root, seen)
  if (!isObject(schema)) return seen
  const ref = schema['$ref']
  if (isString(ref) && !seen.has(ref)) {
    seen.add(ref)
    references(resolve(ref, root), root, seen)
  }
  for (const each of Object.values(schema)) references(each, root, seen)
  return seen
}
