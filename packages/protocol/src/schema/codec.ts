import { Kind, type Static, type TSchema } from '@sinclair/typebox'
import { TypeCompiler, type TypeCheck } from '@sinclair/typebox/compiler'
import { ValueErrorType, type ValueError } from '@sinclair/typebox/errors'
import { getAddress } from 'viem/utils'
import { MarketError } from '../errors.ts'
import { acrossCheck } from './across.ts'
import { ruleOf } from './rule.ts'

/** What is wrong with a value: where (RFC 6901 JSON pointer) and which rule it breaks. */
export interface SchemaProblem {
  readonly pointer: string
  readonly rule: string
  readonly message: string
  /** What the schema says should stand there. */
  readonly expected?: string
}

/** Reads and writes the values of one schema: JSON outside, exact types inside. Compiled on first use. */
export interface Codec<S extends TSchema> {
  readonly schema: S
  /** @throws MarketError E_INVALID_ARGUMENT with `details: { pointer, rule }`. */
  decode(json: unknown): Static<S>
  /** Reads a value that this codec wrote; skips the check. For the store, whose records carry checksums of their own. */
  revive(json: unknown): Static<S>
  encode(value: Static<S>): unknown
  problem(json: unknown): SchemaProblem | undefined
}

type Convert = (value: unknown) => unknown

/** `revive` reads what `encode` wrote, so there is nothing left to bring into one form. */
type Way = 'decode' | 'revive' | 'encode'

const readAmount: Convert = (v) => BigInt(v as string)
const readTime: Convert = (v) => Date.parse(v as string)

const scalars: Readonly<Record<string, { readonly [W in Way]?: Convert }>> = {
  'base-units': { decode: readAmount, revive: readAmount, encode: (v) => (v as bigint).toString() },
  'running-total': { decode: readAmount, revive: readAmount, encode: (v) => (v as bigint).toString() },
  'date-time': { decode: readTime, revive: readTime, encode: (v) => new Date(v as number).toISOString() },
  'evm-address': { decode: (v) => getAddress(v as string) },
}

/** The conversion that a schema asks for, or undefined where JSON and the inner value are the same. */
function conversion(schema: TSchema, way: Way): Convert | undefined {
  switch (schema[Kind]) {
    case 'String':
      return typeof schema.format === 'string' ? scalars[schema.format]?.[way] : undefined
    case 'Array': {
      const item = conversion(schema.items as TSchema, way)
      return item === undefined ? undefined : (v) => (v as unknown[]).map(item)
    }
    case 'Object': {
      const parts = Object.entries(schema.properties as Record<string, TSchema>).flatMap(
        ([key, property]) => {
          const convert = conversion(property, way)
          return convert === undefined ? [] : [{ key, convert }]
        },
      )
      if (parts.length === 0) return undefined
      return (v) => {
        const out = { ...(v as Record<string, unknown>) }
        for (const { key, convert } of parts) if (out[key] !== undefined) out[key] = convert(out[key])
        return out
      }
    }
    case 'Record': {
      const [value] = Object.values(schema.patternProperties as Record<string, TSchema>)
      const convert = value === undefined ? undefined : conversion(value, way)
      if (convert === undefined) return undefined
      return (v) => Object.fromEntries(Object.entries(v as object).map(([k, item]) => [k, convert(item)]))
    }
    default:
      return undefined
  }
}

const identity: Convert = (value) => value
const known = new WeakMap<TSchema, Codec<TSchema>>()

export function codec<S extends TSchema>(schema: S): Codec<S> {
  const existing = known.get(schema)
  if (existing !== undefined) return existing as unknown as Codec<S>
  let check: TypeCheck<S> | undefined
  const across = acrossCheck(schema)
  const decode = conversion(schema, 'decode') ?? identity
  const revive = conversion(schema, 'revive') ?? identity
  const encode = conversion(schema, 'encode') ?? identity
  const problem = (json: unknown): SchemaProblem | undefined => {
    check ??= TypeCompiler.Compile(schema)
    const errors = check.Check(json) ? [] : firstOf(check.Errors(json))
    return errors.length === 0 ? across?.(json, '') : toProblem(errors, schema)
  }
  const made: Codec<S> = {
    schema,
    problem,
    decode(json) {
      const wrong = problem(json)
      if (wrong !== undefined) throw invalidArgument(wrong)
      return decode(json)
    },
    revive: (json) => revive(json),
    encode: (value) => encode(value),
  }
  known.set(schema, made)
  return made
}

export function invalidArgument(problem: SchemaProblem, hint?: string): MarketError {
  const { pointer, rule, message } = problem
  return new MarketError('E_INVALID_ARGUMENT', `${pointer === '' ? 'the parameters' : pointer}: ${message}`, {
    details: { pointer, rule },
    hint: hint ?? wayOut(problem),
  })
}

function wayOut({ pointer, rule, expected }: SchemaProblem): string {
  const place = pointer === '' ? 'the parameters' : pointer
  if (rule === 'additionalProperties') return `Leave ${place} out, then send again.`
  const wanted = expected === undefined ? `so that it satisfies "${rule}"` : `to: ${expected}`
  return `${rule === 'required' ? 'Add' : 'Correct'} ${place} ${wanted}, then send again.`
}

/** Enough to choose from; a large value can have very many. */
const mostErrors = 100

function firstOf(errors: Iterable<ValueError>): readonly ValueError[] {
  const first: ValueError[] = []
  for (const error of errors) {
    if (!isShortEnough(error) && first.push(error) >= mostErrors) break
  }
  return first
}

/** TypeBox counts UTF-16 units; JSON Schema counts code points (RFC 8259 characters), and so does who reads our schemas. */
function isShortEnough({ type, schema, value }: ValueError): boolean {
  if (type !== ValueErrorType.StringMaxLength || typeof value !== 'string') return false
  const most = Number(schema['maxLength'])
  return value.length <= 2 * most && Array.from(value).length <= most
}

/** The most telling of a value's errors: an unknown field before a missing one, a deep place before its parent. */
function toProblem(errors: readonly ValueError[], schema: TSchema): SchemaProblem {
  const first =
    errors.find((e) => e.type === ValueErrorType.ObjectAdditionalProperties) ??
    errors.find((e) => e.type === ValueErrorType.ObjectRequiredProperty) ??
    errors[0]
  if (first === undefined) return { pointer: '', rule: 'schema', message: 'does not match its schema' }
  return ruleOf(first, schema)
}
