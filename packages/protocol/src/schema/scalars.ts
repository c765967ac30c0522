/**
 * The scalar types of the market. Each is one TypeBox schema that says how the value is written at an edge (JSON), with
 * a static type that says what it is inside; `codec` turns the one into the other. Money is `bigint` inside and a
 * decimal string outside; time is integer milliseconds inside and ISO 8601 UTC outside; an actor is an EIP-55 address
 * on both sides, and any letter case is read.
 */
import {
  Type,
  type TObject,
  type TProperties,
  type TRecord,
  type TSchema,
  type TString,
  type TUnsafe,
} from '@sinclair/typebox'
import './formats.ts'

/** The most that an amount or a quantity can say: 39 digits. */
export const mostAmount = 10n ** 39n - 1n

/** Base units of a currency, e.g. 1500000 for 1.50 USDC. Never negative, at most 39 digits. */
export const Amount = Type.Unsafe<bigint>(
  Type.String({
    format: 'base-units',
    description: 'base units of the currency, in decimal',
  }),
)

/** What amounts add up to over time. No amount is beyond 39 digits; twice as many are not filled by adding. */
export const RunningTotal = Type.Unsafe<bigint>(
  Type.String({
    format: 'running-total',
    description: 'sum of amounts, as a decimal string',
  }),
)

/** A count of a unit (tokens, bytes, queries), exact. */
export const Quantity = Type.Unsafe<bigint>(
  Type.String({ format: 'base-units', description: 'whole number, as a decimal string' }),
)

/** Milliseconds since the epoch inside; ISO 8601 UTC outside. */
export const Timestamp = Type.Unsafe<number>(
  Type.String({ format: 'date-time', description: 'ISO 8601 UTC, e.g. 2026-01-31T12:00:00.000Z' }),
)

declare const actor: unique symbol
/** An EVM address in EIP-55 form, so that equal actors are equal strings. */
export type ActorId = `0x${string}` & { readonly [actor]: true }
export const ActorId = Type.Unsafe<ActorId>(
  Type.String({ format: 'evm-address', description: 'EVM address; EIP-55 when it has mixed case' }),
)

export const Signature = Type.Unsafe<`0x${string}`>(
  Type.String({ format: 'evm-signature', maxLength: 8194, description: 'signature as 0x-hex' }),
)

/** SHA-256 as 64 lower-case hex digits. */
export const Sha256Hex = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256, lower-case hex' })

/** A currency of this market: the symbol under which its config declares it. */
export const CurrencySymbol = Type.String({
  pattern: '^[A-Z][A-Z0-9]{1,11}$',
  description: 'currency symbol, e.g. USDC',
})

export const RequestId = Type.String({
  pattern: '^[A-Za-z0-9._:-]{8,128}$',
  description: '8 to 128 of letters, digits, . _ : -',
})

/**
 * One line of text: no control characters and no line ends (C0, DEL, C1, U+2028, U+2029), and well-formed, because half
 * a surrogate pair has no UTF-8 form and no canonical JSON.
 */
export function line(minLength: number, maxLength: number, description?: string): TUnsafe<string> {
  return Type.Unsafe<string>(
    Type.String({
      minLength,
      maxLength,
      format: 'well-formed',
      pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$',
      ...(description === undefined ? {} : { description }),
    }),
  )
}

export interface ObjectOptions {
  readonly description?: string
  /** Rules across fields, for readers of the schema: what reads the parameters enforces them itself. */
  readonly not?: object
  readonly oneOf?: readonly object[]
  readonly allOf?: readonly object[]
}

/** An object that has these properties and no others. Every object at an edge is closed. */
export function closed<P extends TProperties>(properties: P, options: ObjectOptions = {}): TObject<P> {
  return Type.Object(properties, { additionalProperties: false, ...options })
}

/** Fields of any name that matches, and no others: `Type.Record` alone lets every other name through unchecked. */
export function closedRecord<V extends TSchema>(
  names: string,
  value: V,
  options: { maxProperties?: number; description?: string } = {},
): TRecord<TString, V> {
  return Type.Record(Type.String({ pattern: names }), value, { additionalProperties: false, ...options })
}

export function literals<const T extends readonly string[]>(
  values: T,
  description?: string,
): TUnsafe<T[number]> {
  return Type.Unsafe<T[number]>(
    Type.Union(
      values.map((value) => Type.Literal(value)) as TSchema[],
      description === undefined ? {} : { description },
    ),
  )
}
