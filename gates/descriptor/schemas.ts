/** The schemas of a document, compiled: strictly, so that a keyword or a format that nobody here knows is an error. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { getAddress, isAddress } from 'viem'
import type { Descriptor, Document, JsonObject, Schema } from './document.ts'

export interface Schemas {
  /** Of the parameters as this door takes them; without a door as the schema alone has them. */
  params(of: Descriptor, door?: string): Validator
  /** @throws when the document has no schema of the answer */
  result(of: Descriptor): Validator
}

export type Validator = (value: unknown) => readonly ErrorObject[]

export function schemasOf(document: Document): Schemas {
  // Types of nested rules are left to the schema that they belong to, as JSON Schema does.
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    allErrors: true,
    verbose: true,
  })
  ajv.addFormat('date-time', isMoment)
  ajv.addFormat('evm-address', (text) => isAddress(text, { strict: true }))
  ajv.removeKeyword('contentEncoding')
  ajv.addKeyword({ keyword: 'contentEncoding', type: 'string', validate: isEncoded })
  ajv.addKeyword({ keyword: 'x-uniqueBy', type: 'array', validate: isUniqueBy })
  ajv.addKeyword({ keyword: 'x-sameBy', type: 'array', validate: isSameBy })
  const compiled = new Map<string, Validator>()
  const compile = (key: string, schema: () => Schema): Validator => {
    const known = compiled.get(key)
    if (known !== undefined) return known
    const validator = errorsOf(ajv.compile({ ...schema(), $defs: document.$defs }))
    compiled.set(key, validator)
    return validator
  }
  return {
    params: (of, door) => compile(`params of ${of.name} ${door ?? ''}`, () => paramsSchema(of, door)),
    result: (of) =>
      compile(`result of ${of.name}`, () => {
        const { schema } = of.returns
        if (schema === undefined) throw new Error(`${of.name} has no schema of its answer`)
        return schema
      }),
  }
}

/** What the schema and the door demand together. */
export function paramsSchema({ paramsSchema, byDoor }: Descriptor, door?: string): Schema {
  const more = door === undefined ? undefined : byDoor?.[door]
  return more === undefined
    ? paramsSchema
    : { ...paramsSchema, allOf: [...listOf(paramsSchema['allOf']), more] }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function errorsOf(validate: ValidateFunction): Validator {
  return (value) => (validate(value) ? [] : [...(validate.errors ?? [])])
}

/** A day that does not come back as it was written is none. */
function isMoment(text: string): boolean {
  const time = Date.parse(text)
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 19) === text.slice(0, 19)
}

export function anAddress(hex: string): string {
  return getAddress(`0x${hex}`)
}

function isEncoded(encoding: unknown, text: string): boolean {
  if (encoding !== 'base64') throw new Error(`nobody here knows the encoding ${String(encoding)}`)
  return Buffer.from(text, 'base64').toString('base64') === text
}

/** Items that are no objects are told of by their type. */
function valuesOf(field: string, items: readonly unknown[]): readonly unknown[] {
  return items.flatMap((item) =>
    item !== null && typeof item === 'object' && field in item ? [(item as JsonObject)[field]] : [],
  )
}

function isUniqueBy(field: string, items: readonly unknown[]): boolean {
  const values = valuesOf(field, items)
  return new Set(values).size === values.length
}

function isSameBy(field: string, items: readonly unknown[]): boolean {
  const [first, ...others] = valuesOf(field, items)
  return others.every((each) => each === first)
}
