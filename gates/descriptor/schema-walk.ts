/** Looking around in a schema and in a value beside it. A keyword that is not known here is an error, not a thing to skip. */
import type { Schema } from './document.ts'

export type Defs = Readonly<Record<string, Schema>>
export type Path = readonly (string | number)[]

/** What says something about a value: each can be broken. */
export const assertions = [
  'type',
  'enum',
  'const',
  'pattern',
  'minLength',
  'maxLength',
  'format',
  'contentEncoding',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'uniqueItems',
  'x-uniqueBy',
  'x-sameBy',
  'required',
  'additionalProperties',
  'maxProperties',
  'oneOf',
  'not',
] as const
const structure = ['properties', 'patternProperties', 'items', '$ref', 'allOf', 'if', 'then', 'description']
const known = new Set<string>([...assertions, ...structure])

/** With what it refers to; what stands beside a reference narrows it. */
export function resolved(schema: Schema, $defs: Defs): Schema {
  for (const keyword of Object.keys(schema))
    if (!known.has(keyword)) throw new Error(`nobody here knows the keyword ${keyword}`)
  const { $ref, ...own } = schema
  if (typeof $ref !== 'string') return schema
  const target = $defs[$ref.slice('#/$defs/'.length)]
  if (target === undefined) throw new Error(`${$ref} points nowhere`)
  const base = resolved(target, $defs)
  const properties = { ...(base['properties'] as object), ...(own['properties'] as object) }
  const required = [...requiredOf(base), ...requiredOf(own)]
  return {
    ...base,
    ...own,
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
    ...(required.length === 0 ? {} : { required }),
  }
}

export function fieldsOf(schema: Schema, keyword: 'properties' | 'patternProperties' = 'properties') {
  return Object.entries((schema[keyword] ?? {}) as Readonly<Record<string, Schema>>)
}

export function requiredOf(schema: Schema): readonly string[] {
  return (schema['required'] ?? []) as readonly string[]
}

export function alternatives(schema: Schema, keyword: 'oneOf' | 'allOf'): readonly Schema[] {
  return (schema[keyword] ?? []) as readonly Schema[]
}

/** The schema of a place in a value, conditions left aside. */
export function schemaAt(schema: Schema, path: Path, $defs: Defs): Schema | undefined {
  const whole = resolved(schema, $defs)
  const [step, ...rest] = path
  if (step === undefined) return whole
  const child =
    typeof step === 'number' || (whole['items'] !== undefined && /^(\d+|\*)$/.test(step))
      ? (whole['items'] as Schema | undefined)
      : (fieldsOf(whole).find(([name]) => name === step)?.[1] ??
        fieldsOf(whole, 'patternProperties').find(([pattern]) => new RegExp(pattern, 'u').test(step))?.[1])
  return child === undefined ? undefined : schemaAt(child, rest, $defs)
}

/** The path with `*` for whatever the schema does not name: the items of a list, and names that only have a pattern. */
export function generalPath(schema: Schema, path: Path, $defs: Defs): readonly string[] {
  const [step, ...rest] = path
  if (step === undefined) return []
  const whole = resolved(schema, $defs)
  const named = whole['type'] !== 'array' && fieldsOf(whole).some(([name]) => name === step)
  const child = schemaAt(schema, [step], $defs)
  return [
    named ? String(step) : '*',
    ...(child === undefined ? rest.map(String) : generalPath(child, rest, $defs)),
  ]
}

/** All values at a path; `*` stands for each item. */
export function valuesAt(value: unknown, path: string): readonly unknown[] {
  return path.split('/').reduce<readonly unknown[]>(
    (at, step) =>
      at.flatMap((each) => {
        if (each === null || typeof each !== 'object') return []
        if (step === '*') return Array.isArray(each) ? each : []
        return Object.hasOwn(each, step) ? [(each as Readonly<Record<string, unknown>>)[step]] : []
      }),
    [value],
  )
}

/** The value with another at a path; `*` stands for each item that is there. Objects on the way are made. */
export function withValueAt(value: unknown, path: Path, put: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return put
  // Each item of a list that is not there yet: of a list of one.
  if (step === '*' && value === undefined) return [withValueAt(undefined, rest, put)]
  if (Array.isArray(value)) {
    return value.map((each: unknown, i) =>
      step === '*' || Number(step) === i ? withValueAt(each, rest, put) : each,
    )
  }
  const object = (value ?? {}) as Readonly<Record<string, unknown>>
  const changed = withValueAt(object[step], rest, put)
  if (changed !== undefined) return { ...object, [step]: changed }
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== step))
}

/** RFC 6901. */
export function pointerOf(path: Path): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

export function pathOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}
