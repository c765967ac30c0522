import { Type, type Static } from '@sinclair/typebox'
import { Quotes } from '@openclaw-market/protocol/entities/records'
import { effectivePolicy, Resources, type Resource } from '@openclaw-market/protocol/entities/resource'
import { MarketError } from '@openclaw-market/protocol/errors'
import { CreditLineId, QuoteId, ResourceId } from '@openclaw-market/protocol/ids'
import { costCeiling, toUsage, Usage, UsageItem } from '@openclaw-market/protocol/money/price'
import type { UnitTotals } from '@openclaw-market/protocol/money/units'
import { insert, operation } from '@openclaw-market/protocol/operation'
import { actorOf } from '@openclaw-market/protocol/principal'
import {
  Amount,
  closed,
  CurrencySymbol,
  literals,
  mostAmount,
  Quantity,
  Timestamp,
} from '@openclaw-market/protocol/schema/scalars'
import { consentWalletTypedData } from '@openclaw-market/protocol/typed-data/consent'
import { knownCurrency } from '../currency.ts'
import { found } from '../found.ts'
import { consentValues } from '../leases/consent.ts'
import { LeaseMode, leaseModes, lineFor, loadStanding } from '../leases/on-credit.ts'
import { LeaseTtl } from '../leases/ttl.ts'
import { checkUsage } from '../usage/check.ts'

const Json = Type.Record(Type.String(), Type.Unknown())

/** What the consumer's wallet signs: EIP-712, ready for eth_signTypedData_v4. */
export const ConsentToSign = closed({ domain: Json, types: Json, primaryType: Type.String(), message: Json })

/** No more of a unit than one record may state (`checkUsage`). */
const EstimateItem = closed({
  ...UsageItem.properties,
  quantity: Type.Unsafe<bigint>({ ...Quantity, pattern: '^(0|[1-9][0-9]{0,17})$' }),
})

export const quoteResource = operation({
  name: 'market.resource.quote',
  summary:
    'The most that a planned use of a resource can cost, fixed for a short while, and the consent to sign for it.',
  effect: 'write',
  scope: 'write',
  params: closed({
    resourceId: ResourceId,
    ttlMs: LeaseTtl,
    estimate: Type.Optional(
      Type.Unsafe<Static<typeof Usage>>({
        ...Usage,
        items: EstimateItem,
        'x-uniqueBy': 'unit',
        description: 'what you mean to use; absent: about ten calls',
      }),
    ),
    maxCost: Type.Optional(
      Type.Unsafe<bigint>({
        ...Amount,
        description: 'what to lock; absent: the upper bound',
      }),
    ),
    mode: Type.Optional(LeaseMode),
  }),
  result: closed({
    quoteId: QuoteId,
    resourceId: ResourceId,
    estimate: Usage,
    upperBound: Amount,
    maxCost: Amount,
    currency: CurrencySymbol,
    decimals: Type.Integer(),
    modes: Type.Array(literals(leaseModes)),
    creditLineId: Type.Optional(CreditLineId),
    typedData: ConsentToSign,
    expiresAt: Timestamp,
  }),
  errors: ['E_NOT_FOUND', 'E_FORBIDDEN'],
  callers: ['node', 'wallet', 'operator'],
  async load(tx, { resourceId }, { who }) {
    const listed = await tx.get(Resources, resourceId)
    const resource = found(
      listed?.status === 'resource_published' ? listed : undefined,
      'published resource',
      resourceId,
    )
    return { resource, standing: await loadStanding(tx, resource, actorOf(who)) }
  },
  decide({ resource, standing }, { ttlMs, estimate, maxCost, mode }, { who, now, ids, rules }) {
    const consumer = actorOf(who)
    notOneself(resource, consumer)
    const line = lineFor(standing, mode ?? 'prepaid', resource.currency)
    const onCredit = line === undefined ? {} : { creditLineId: line.creditLineId }
    const { decimals } = knownCurrency(rules, resource.currency, '/resourceId')
    const totals =
      estimate === undefined
        ? tenCalls(resource)
        : checkUsage(estimate, resource.kind, '/estimate', 'allowed')
    const upperBound = withinAmounts(costCeiling(resource.prices, totals))
    const quote = {
      quoteId: ids.next('quo'),
      resourceId: resource.resourceId,
      resourceVersion: resource.version,
      offerHash: resource.offerHash,
      consumerActorId: consumer,
      providerActorId: resource.providerActorId,
      currency: resource.currency,
      ttlMs,
      upperBound,
      maxCost: maxCost ?? upperBound,
      ...onCredit,
      createdAt: now,
      expiresAt: now + rules.quoteTtlMs,
      dueAt: now + rules.quoteTtlMs,
    }
    const wallet = consentWalletTypedData(consentValues(rules, { ...quote, validUntil: quote.expiresAt }))
    return {
      result: {
        quoteId: quote.quoteId,
        resourceId: resource.resourceId,
        estimate: toUsage(totals),
        upperBound,
        maxCost: quote.maxCost,
        currency: resource.currency,
        decimals,
        modes: leaseModes.filter((each) => each === 'prepaid' || standing.open !== undefined),
        ...onCredit,
        typedData: {
          domain: { ...wallet.domain },
          types: { ...wallet.types },
          primaryType: wallet.primaryType,
          message: { ...wallet.message },
        },
        expiresAt: quote.expiresAt,
      },
      subjects: [quote.quoteId, resource.resourceId],
      writes: [insert(Quotes, quote)],
    }
  },
})

export function notOneself(resource: Resource, consumer: string): void {
  if (resource.providerActorId !== consumer) return
  throw new MarketError('E_FORBIDDEN', 'a provider cannot lease from itself', {
    hint: 'Use what it is served from yourself, or lease as another wallet.',
  })
}

/** An estimate that costs more than any amount can say is no estimate. */
function withinAmounts(upperBound: bigint): bigint {
  if (upperBound <= mostAmount) return upperBound
  throw new MarketError('E_INVALID_ARGUMENT', '/estimate: costs more than there can be', {
    details: { pointer: '/estimate', rule: 'maximum' },
    hint: 'Estimate less.',
  })
}

/** Assumed where the caller says nothing, and said back in the answer: ten calls of ordinary size. */
function tenCalls(resource: Resource): UnitTotals {
  const { maxTokens } = effectivePolicy(resource.policy)
  switch (resource.kind) {
    case 'model':
      return { request: 10n, input_token: 20_000n, output_token: 10n * BigInt(maxTokens) }
    case 'search':
      return { query: 10n }
    case 'storage':
      return { put: 10n, get: 10n, byte: 10_000_000n, gb_day: 1n }
    case 'agent':
      return { task: 1n, hour: 1n }
  }
}
