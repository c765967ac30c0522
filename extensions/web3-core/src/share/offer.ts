/** The terms of a shared thing: what was asked, else what it has on the market already, else what is proposed. */
import type { Static } from '@sinclair/typebox'
import { ResourcePrices } from '@openclaw-market/market-core'
import { canonicalHash } from '@openclaw-market/protocol/canonical'
import { Policy, type Policy as PolicyValue } from '@openclaw-market/protocol/entities/resource'
import type { Prices } from '@openclaw-market/protocol/money/price'
import type { Currency } from '@openclaw-market/protocol/operation'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { closed, line } from '@openclaw-market/protocol/schema/scalars'
import type { ResourceView } from '@openclaw-market/protocol/views/resource'
import { isSame, type Candidate } from './candidate.ts'
import { parseFigure } from './price-figure.ts'
import type { SharedThing } from './shared-file.ts'

export const Terms = closed({ label: line(1, 80), prices: ResourcePrices, policy: Policy })
export type Terms = Static<typeof Terms>

export interface Asked {
  readonly label?: string
  readonly prices?: Prices
  readonly policy?: PolicyValue
}

/** As it stands: on the list, and on the market. */
export interface Before {
  readonly thing: SharedThing | undefined
  readonly resource: ResourceView | undefined
}

export function termsOf(
  candidate: Candidate,
  { label, prices, policy }: Asked,
  { thing, resource }: Before,
  currency: Currency,
): Terms {
  const proposed = parseFigure(candidate.kind, candidate.figure, currency)
  if (proposed === undefined) throw new TypeError(`${candidate.figure} is no price of a ${candidate.kind}`)
  // Bounds go with the size of a disk: of another size they are proposed anew.
  const asBefore = thing !== undefined && sizeOf(thing) === sizeOf(candidate)
  return {
    label: label ?? resource?.label ?? candidate.label,
    prices: [...(prices ?? resource?.prices ?? proposed)],
    policy: policy ?? (asBefore ? resource?.policy : undefined) ?? candidate.policy,
  }
}

function sizeOf({ driver }: Pick<SharedThing, 'driver'>): number | undefined {
  return driver.driver === 'filesystem' ? driver.maxTotalBytes : undefined
}

export function isUnchanged(terms: Terms, { resource }: Before): boolean {
  return resource?.status === 'resource_published' && hashOf(terms) === hashOf(resource)
}

function hashOf({ label, prices, policy }: Terms): string {
  return canonicalHash(codec(Terms).encode({ label, prices, policy }))
}

export function sharedBefore(shared: readonly SharedThing[], candidate: Candidate): SharedThing | undefined {
  return shared.find(({ driver }) => isSame(driver, candidate.driver))
}
