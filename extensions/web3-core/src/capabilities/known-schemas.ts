/** What is known by a name of its own in the `$defs` of every document that has it. */
import { idPrefixes } from '@openclaw-market/protocol/ids'
import { PriceComponent, UsageItem } from '@openclaw-market/protocol/money/price'
import { resourceKinds, units } from '@openclaw-market/protocol/money/units'
import {
  ActorId,
  Amount,
  CurrencySymbol,
  line,
  Quantity,
  RequestId,
  Sha256Hex,
  Signature,
  Timestamp,
} from '@openclaw-market/protocol/schema/scalars'
import { LeaseView } from '@openclaw-market/protocol/views/lease'
import { ResourceView } from '@openclaw-market/protocol/views/resource'
import { asJsonSchema, type JsonSchema } from './json-schema.ts'

export type Named = readonly [name: string, schema: JsonSchema]

/** What a schema may narrow or describe anew: what it adds stands beside the reference. */
export const parts: readonly Named[] = [
  ...Object.entries({
    amount: Amount,
    address: ActorId,
    currency: CurrencySymbol,
    quantity: Quantity,
    requestId: RequestId,
    sha256: Sha256Hex,
    signature: Signature,
    time: Timestamp,
  }).map(([name, schema]): Named => [name, asJsonSchema(schema)]),
  ['kind', { enum: resourceKinds }],
  ['unit', { enum: units }],
  ['price', asJsonSchema(PriceComponent)],
  ['usageItem', asJsonSchema(UsageItem)],
  [
    'line',
    { type: 'string', pattern: asJsonSchema(line(0, 1))['pattern'], description: 'no control characters' },
  ],
  ...idPrefixes.map((prefix): Named => [
    `${prefix}Id`,
    { type: 'string', pattern: `^${prefix}_[0-9A-HJKMNP-TV-Z]{26}$` },
  ]),
]

/** Objects that others have all fields of. */
export const bases: readonly Named[] = [
  ['lease', asJsonSchema(LeaseView)],
  ['resource', asJsonSchema(ResourceView)],
]

export interface Extension {
  readonly name: string
  readonly base: JsonSchema
  /** What it has beyond the base. */
  readonly fields: Readonly<Record<string, JsonSchema>>
  readonly required: readonly string[]
}

/** An object that has all fields of a base, required alike. */
export function extensionOf({ properties, required = [] }: JsonSchema): Extension | undefined {
  if (properties === undefined) return undefined
  const fields = properties as Readonly<Record<string, JsonSchema>>
  const demanded = required as readonly string[]
  for (const [name, base] of bases) {
    const inherited = base['properties'] as Readonly<Record<string, JsonSchema>>
    const before = (base['required'] ?? []) as readonly string[]
    const fits = Object.entries(inherited).every(
      ([field, value]) => same(fields[field], value) && demanded.includes(field) === before.includes(field),
    )
    if (!fits) continue
    return {
      name,
      base,
      fields: Object.fromEntries(
        Object.entries(fields).filter(([field]) => !Object.hasOwn(inherited, field)),
      ),
      required: demanded.filter((field) => !before.includes(field)),
    }
  }
  return undefined
}

export function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}
