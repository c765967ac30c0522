/** Parameters for any method, from its schema and from what there is; and the same with a secret in each of its strings. */
import type { TObject, TSchema } from '@sinclair/typebox'
import { codec } from '@openclaw-market/protocol/schema/codec'
import type { Dice } from '../run.ts'
import { isRecord, type JsonRecord } from '../../scripts/gateway/json-value.ts'

/** What stands in a field of this name, because the world has it. */
export type Pool = Readonly<Record<string, unknown>>

/** Filled in by the names of its fields, every optional one included; not valid by all means. */
export function sample(schema: TObject, pool: Pool): JsonRecord {
  const filled = valueOf(schema, '', pool)
  return isRecord(filled) ? filled : {}
}

function valueOf(schema: TSchema, name: string, pool: Pool): unknown {
  if (name in pool) return pool[name]
  const options: readonly TSchema[] | undefined = schema.anyOf
  if (options?.[0] !== undefined) return valueOf(options[0], name, pool)
  if ('const' in schema) return schema.const
  if (Array.isArray(schema.enum)) return schema.enum[0]
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries((schema.properties ?? {}) as Record<string, TSchema>).map(([key, field]) => [
          key,
          valueOf(field, key, pool),
        ]),
      )
    case 'array':
      return [valueOf(schema.items as TSchema, name, pool)]
    case 'integer':
    case 'number':
      return schema.minimum ?? 1
    case 'boolean':
      return true
    default:
      return stringFor(schema)
  }
}

const formats: Readonly<Record<string, string>> = {
  'base-units': '1',
  'date-time': '2026-01-01T00:00:00.000Z',
  'evm-address': `0x${'1'.repeat(40)}`,
  'evm-signature': `0x${'2'.repeat(130)}`,
}
const candidates = ['text-of-8', 'USDC', '3'.repeat(64), 'text/plain', `0x${'4'.repeat(64)}`, '5']

function stringFor(schema: TSchema): string {
  const known = formats[String(schema['format'])]
  return known ?? candidates.find((each) => codec(schema).problem(each) === undefined) ?? 'none'
}

type Step = string | number
type Path = readonly Step[]

function stringsIn(value: unknown, at: Path = []): readonly Path[] {
  if (typeof value === 'string') return [at]
  if (Array.isArray(value)) return value.flatMap((item, i) => stringsIn(item, [...at, i]))
  return isRecord(value) ? Object.entries(value).flatMap(([key, item]) => stringsIn(item, [...at, key])) : []
}

function withValue(value: unknown, [step, ...rest]: Path, what: string): unknown {
  if (step === undefined) return what
  if (Array.isArray(value)) return value.map((item, i) => (i === step ? withValue(item, rest, what) : item))
  return isRecord(value) ? { ...value, [step]: withValue(value[step], rest, what) } : value
}

/**
 * One request for each string in `params`, with a secret in its place. Where the schema takes any text, a write would keep
 * it as the caller's own words; such a request is spoiled in another field, so that it is refused.
 */
export function planted(
  contract: { readonly effect: string; readonly params: TObject },
  params: JsonRecord,
  canaries: readonly string[],
  dice: Dice,
): readonly JsonRecord[] {
  return stringsIn(params).map((path) => {
    const request = withValue(params, path, dice.one(canaries))
    const whole = isRecord(request) ? request : {}
    const taken = contract.effect !== 'read' && codec(contract.params).problem(whole) === undefined
    return taken ? { ...whole, unknownField: dice.one(canaries) } : whole
  })
}
