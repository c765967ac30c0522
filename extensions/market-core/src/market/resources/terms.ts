/** What publishing must satisfy beyond the shape of its parameters. Each refusal names the place and the way out. */
import { Type, type Static } from '@sinclair/typebox'
import { MarketError } from '@openclaw-market/protocol/errors'
import type { BackendFacts, MarketRules } from '@openclaw-market/protocol/operation'
import { Prices } from '@openclaw-market/protocol/money/price'
import { resourceKinds, unitsOf, type ResourceKind } from '@openclaw-market/protocol/money/units'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { knownCurrency } from '../currency.ts'

/** Prices of a resource: each unit once, all in one currency. */
export const ResourcePrices = Type.Unsafe<Static<typeof Prices>>({
  ...Prices,
  'x-uniqueBy': 'unit',
  'x-sameBy': 'currency',
})

/** What `checkPrices` holds of units, for readers of the schema. */
export const unitsByKind = resourceKinds.map((kind) => ({
  if: { properties: { kind: { const: kind } } },
  // oxlint-disable-next-line unicorn/no-thenable -- a word of JSON Schema
  then: { properties: { prices: { items: { properties: { unit: { enum: unitsOf[kind] } } } } } },
}))

/** Units of this kind, and a currency that this market deals in. */
export function checkPrices(rules: MarketRules, kind: ResourceKind, prices: Prices): void {
  const units: readonly string[] = unitsOf[kind]
  for (const [i, { unit }] of prices.entries()) {
    if (!units.includes(unit)) {
      throw wrong(
        `/resource/prices/${i}/unit`,
        'unit',
        `a ${kind} resource does not charge by ${unit}`,
        `Use: ${units.join(', ')}.`,
      )
    }
  }
  knownCurrency(rules, prices[0]?.currency ?? '', '/resource/prices/0/currency')
}

/** @throws MarketError E_NOT_CONFIGURED for a backend that local config does not have, or has of another kind; E_FORBIDDEN for one that is not this actor's to offer. */
export function usableBackend(
  rules: MarketRules,
  name: string,
  kind: ResourceKind,
  actor: ActorId,
): BackendFacts {
  const backend = rules.backends.get(name)
  const mine = backend !== undefined && (actor === rules.market || backend.publishers.includes(actor))
  if (!mine) {
    const offered = [...rules.backends.values()].filter(
      (b) => actor === rules.market || b.publishers.includes(actor),
    )
    throw new MarketError('E_NOT_CONFIGURED', `there is no backend ${name} that you may publish over`, {
      details: { pointer: '/resource/backend', usable: offered.map((b) => b.name) },
      hint: 'The operator names backends, and who else may publish over them, in the config of web3-core (provider.backends). The status summary says what is wrong with one that is there.',
    })
  }
  if (backend.kind !== kind) {
    throw wrong(
      '/resource/backend',
      'kind',
      `${name} serves ${backend.kind}, not ${kind}`,
      `Publish it as ${backend.kind}.`,
    )
  }
  return backend
}

function wrong(pointer: string, rule: string, message: string, hint: string): MarketError {
  return new MarketError('E_INVALID_ARGUMENT', `${pointer}: ${message}`, { details: { pointer, rule }, hint })
}
