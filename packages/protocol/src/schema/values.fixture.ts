/** Values made from a schema, as JSON writes them: whatever the schema allows and nothing else. */
import { Kind, OptionalKind, type TSchema } from '@sinclair/typebox'
import fc from 'fast-check'
import type { Hex } from 'viem'
import { getAddress } from 'viem/utils'

const bytes = (n: number): fc.Arbitrary<Hex> =>
  fc
    .uint8Array({ minLength: n, maxLength: n })
    .map((data) => `0x${Buffer.from(data).toString('hex')}` as const)

const moment = fc
  .date({
    min: new Date('0001-01-01T00:00:00.000Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  })
  .map((date) => date.toISOString())

const text = fc.oneof(
  { arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 60 }), weight: 3 },
  { arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }), weight: 1 },
)

/** A pattern of thousands of characters takes minutes to follow one by one: bytes that repeat come to the same. */
const longBase64 = /^\^\[A-Za-z0-9\+\/\]\{(\d{3,})\}=\$$/

function base64Of(length: number): fc.Arbitrary<string> {
  return fc
    .uint8Array({ minLength: 1, maxLength: 64 })
    .map((part) => Buffer.alloc((length / 4) * 3 - 1, part).toString('base64'))
}

function stringOf(schema: TSchema): fc.Arbitrary<string> {
  const {
    format,
    pattern,
    minLength = 0,
    maxLength = Infinity,
  } = schema as { format?: string; pattern?: string; minLength?: number; maxLength?: number }
  const fits = (value: string): boolean =>
    value.length >= minLength &&
    value.length <= maxLength &&
    (pattern === undefined || new RegExp(pattern).test(value))
  switch (format) {
    case 'date-time':
      return moment
    case 'evm-address':
      return bytes(20).map((address) => getAddress(address))
    case 'evm-signature':
      return fc.constantFrom(65, 66, 130, 640).chain(bytes)
    case 'base-units':
      if (pattern === undefined) return fc.bigInt(0n, 10n ** 39n - 1n).map(String)
      break
    case 'running-total':
      return fc.bigInt(0n, 10n ** 78n - 1n).map(String)
    case 'well-formed':
      return text
        .map((value) => (value + '!'.repeat(minLength)).slice(0, maxLength))
        .filter((value) => value.isWellFormed() && fits(value))
    default:
  }
  const long = longBase64.exec(pattern ?? '')?.[1]
  if (long !== undefined) return base64Of(Number(long) + 1).filter(fits)
  return pattern === undefined
    ? text.filter((value) => value.isWellFormed() && fits(value))
    : fc.stringMatching(new RegExp(pattern)).filter(fits)
}

function objectOf(schema: TSchema): fc.Arbitrary<unknown> {
  const properties = Object.entries(schema['properties'] as Record<string, TSchema>)
  const requiredKeys = properties.filter(([, property]) => !(OptionalKind in property)).map(([name]) => name)
  return fc.record(Object.fromEntries(properties.map(([name, property]) => [name, jsonOf(property)])), {
    requiredKeys,
    noNullPrototype: true,
  })
}

/** @throws when a schema uses something that this does not know: then teach it, so that no entity goes untested */
export function jsonOf(schema: TSchema): fc.Arbitrary<unknown> {
  switch (schema[Kind]) {
    case 'String':
      return stringOf(schema)
    case 'Integer':
      return fc.integer({
        min: Number(schema['minimum'] ?? -(2 ** 31)),
        max: Number(schema['maximum'] ?? Number.MAX_SAFE_INTEGER),
      })
    case 'Boolean':
      return fc.boolean()
    case 'Literal':
      return fc.constant(schema['const'])
    case 'Union':
      return fc.oneof(...(schema['anyOf'] as TSchema[]).map(jsonOf))
    case 'Array': {
      const {
        minItems = 0,
        maxItems = 5,
        uniqueItems,
      } = schema as { minItems?: number; maxItems?: number; uniqueItems?: boolean }
      const size = { minLength: minItems, maxLength: Math.min(maxItems, minItems + 4) }
      const item = jsonOf(schema['items'] as TSchema)
      return uniqueItems === true ? fc.uniqueArray(item, size) : fc.array(item, size)
    }
    case 'Object':
      return objectOf(schema)
    case 'Record': {
      const [[pattern, value] = ['', {} as TSchema]] = Object.entries(
        schema['patternProperties'] as Record<string, TSchema>,
      )
      return fc.dictionary(fc.stringMatching(new RegExp(pattern)), jsonOf(value), {
        maxKeys: 4,
        noNullPrototype: true,
      })
    }
    case 'Unknown':
      return fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown)
    default:
      throw new Error(`no values for ${schema[Kind]}`)
  }
}
