import { Type } from '@sinclair/typebox'
import { given, quoteResource } from '@openclaw-market/market-core'
import type { Contract } from '@openclaw-market/protocol/operation'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { capability } from '../capabilities/capability.ts'
import { runLocal } from '../capabilities/through-market.ts'
import { locate } from '../consumer/locate.ts'
import { exampleResource } from './examples.ts'
import { MarketName, OnMarket } from './market-name.ts'

export const quoteContract = {
  name: 'web3.resources.quote',
  summary: quoteResource.summary,
  effect: 'write',
  scope: 'write',
  params: closed({ ...quoteResource.params.properties, market: Type.Optional(MarketName) }),
  result: closed({ ...quoteResource.result.properties, market: OnMarket }),
  errors: ['E_NOT_FOUND', 'E_FORBIDDEN', 'E_TIMEOUT'],
} as const satisfies Contract

export const quoteCapability = capability(
  quoteContract,
  {
    group: 'resources',
    whenToUse: 'Before a lease, to know its most. An outside wallet needs it to sign its consent.',
    whenNotToUse: 'To reserve anything: a quote locks no money.',
    returns:
      'upperBound: the most that estimate can cost; modes: how you may pay; typedData: the consent to sign.',
    errors: {
      E_INVALID_ARGUMENT: 'it counts no such unit of the estimate, or it is too much',
      E_NOT_FOUND: 'no such resource is published',
      E_FORBIDDEN: 'it is your own, or its provider does not lend or is unpaid',
      E_TIMEOUT: 'its market does not answer',
    },
    doors: ['gateway', 'tool', 'api'],
    actor: 'consumer',
    risk: { level: 'low', discloses: 'your plan, to the market', reversible: true },
    pricing: { charge: 'none', units: [] },
    prerequisites: [{ is: 'wallet_proved' }, { is: 'resource_published', param: 'resourceId' }],
    effects: [{ is: 'quote_open', field: 'quoteId', kindOf: 'resource_published' }],
    next: [{ name: 'web3.resources.lease', when: 'before expiresAt, with this quoteId' }],
    idempotency: 'acts-again',
    examples: {
      valid: { resourceId: exampleResource, ttlMs: 3_600_000, estimate: [{ unit: 'query', quantity: '20' }] },
      invalid: { resourceId: exampleResource, ttlMs: 5 },
    },
  },
  async ({ market, ...plan }, call) => {
    const { where, resource } = await locate(call, plan.resourceId, market)
    const { remote, name } = where
    if (remote === undefined) {
      return { ...(await runLocal(call.web3.market(), quoteResource, plan, call.who)), market: name }
    }
    const quote = await remote.call(quoteContract, plan)
    call.web3.seen.keep(remote, [resource])
    const { quoteId, maxCost, expiresAt, creditLineId } = quote
    const { resourceId, offerHash, currency } = resource
    const { ttlMs } = plan
    const terms = { resourceId, offerHash, ttlMs, maxCost, currency, expiresAt, ...given({ creditLineId }) }
    remote.quotes.keep({ quoteId, ...terms })
    return { ...quote, market: name }
  },
)
