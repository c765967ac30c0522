/**
 * Our schemas as plain JSON Schema 2020-12, for readers that have only the text: a union of constants is an `enum`, and a
 * format of ours is the pattern that it stands for, as far as a pattern can say it. TypeBox keeps its own marks under
 * symbols, which JSON leaves behind.
 */
export type JsonSchema = { readonly [keyword: string]: unknown }

/** What the formats that JSON Schema does not know come to; a validator would pass anything under them. */
const patterns: Readonly<Record<string, string>> = {
  'base-units': '^(0|[1-9][0-9]{0,38})$',
  'running-total': '^(0|[1-9][0-9]{0,77})$',
  'evm-address': '^0x[0-9a-fA-F]{40}$',
  'evm-signature': '^0x([0-9a-fA-F]{2}){1,4096}$',
  'date-time': '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,3})?Z$',
}
/** What a pattern cannot say: days of the calendar, and the checksum of EIP-55. */
const kept: readonly unknown[] = ['date-time', 'evm-address']

/** Schemas are made once and described often. */
const known = new WeakMap<object, JsonSchema>()

export function asJsonSchema(schema: object): JsonSchema {
  const made = known.get(schema) ?? projected(JSON.parse(JSON.stringify(schema)) as JsonSchema)
  known.set(schema, made)
  return made
}

function projected(schema: JsonSchema): JsonSchema {
  return withChildren(plain(schema), projected)
}

/** What `Type.Record` of unknown values says at length: any object. */
const anyObject = JSON.stringify({ type: 'object', patternProperties: { '^(.*)$': {} } })

function plain(schema: JsonSchema): JsonSchema {
  const { anyOf, format, ...rest } = schema['minLength'] === 0 ? without(schema, 'minLength') : schema
  if (JSON.stringify({ type: rest['type'], patternProperties: rest['patternProperties'] }) === anyObject) {
    return without(rest, 'patternProperties')
  }
  if (Array.isArray(anyOf)) {
    const values = anyOf.map((option: JsonSchema) => option['const'])
    // All of them are strings, so `type` would say nothing more.
    return values.every((value) => typeof value === 'string') ? { ...rest, enum: values } : schema
  }
  if (typeof format !== 'string') return rest
  if (format === 'well-formed') return { ...rest, pattern: withoutSurrogates(String(rest['pattern'])) }
  const pattern = rest['pattern'] ?? patterns[format]
  // Its pattern bounds a signature already.
  const bounded = format === 'evm-signature' ? without(rest, 'maxLength') : rest
  return {
    ...bounded,
    ...(kept.includes(format) ? { format } : {}),
    ...(pattern === undefined ? {} : { pattern }),
  }
}

/** Read with the u flag, as JSON Schema asks, this excludes half a surrogate pair and no whole one. */
function withoutSurrogates(pattern: string): string {
  return pattern.replace(/\]\*\$$/, '\\ud800-\\udfff]*$')
}

/** The schema with each of its direct sub-schemas changed; `key` is the field or keyword that a sub-schema stands under. */
export function withChildren(
  schema: JsonSchema,
  change: (child: JsonSchema, key: string) => JsonSchema,
): JsonSchema {
  const changed: Record<string, unknown> = { ...schema }
  for (const keyword of ['properties', 'patternProperties']) {
    const fields = schema[keyword]
    if (!isObject(fields)) continue
    changed[keyword] = Object.fromEntries(
      Object.entries(fields).map(([name, child]) => [name, change(child as JsonSchema, name)]),
    )
  }
  for (const keyword of ['items', 'additionalProperties']) {
    const child = schema[keyword]
    if (isObject(child)) changed[keyword] = change(child, 'item')
  }
  if (Array.isArray(schema['anyOf'])) {
    changed['anyOf'] = schema['anyOf'].map((child: JsonSchema) => change(child, 'option'))
  }
  return changed
}

function isObject(value: unknown): value is JsonSchema {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

/** The schema without one of its keywords. */
export function without(schema: JsonSchema, keyword: string): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([each]) => each !== keyword))
}
