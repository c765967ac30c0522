import { Type } from '@sinclair/typebox'
import { resourceEarnings, summarizeUsage } from '@openclaw-market/market-core'
import { BackendName } from '@openclaw-market/protocol/entities/resource'
import { ResourceId } from '@openclaw-market/protocol/ids'
import { Prices } from '@openclaw-market/protocol/money/price'
import type { Contract } from '@openclaw-market/protocol/operation'
import {
  closed,
  CurrencySymbol,
  line,
  literals,
  RunningTotal,
} from '@openclaw-market/protocol/schema/scalars'
import { LeaseView } from '@openclaw-market/protocol/views/lease'
import { capability, type Call } from '../capabilities/capability.ts'
import { runLocal } from '../capabilities/through-market.ts'
import { answersNow } from './answers-now.ts'
import { missingReach } from './here.ts'
import { Currencies, currenciesOf } from './look.ts'
import type { SharedThing } from './shared-file.ts'
import { Reach } from './start-capability.ts'
import { leasesOf } from './stop-capability.ts'
import { resourceOf } from './tend.ts'

const { leaseId, consumerActorId, status, currency, metered, remaining, expiresAt } = LeaseView.properties
const summary = summarizeUsage.result.properties.currencies.items.properties

export const shareStates = ['shared', 'stopping', 'off_market', 'not_served'] as const

export const statusContract = {
  name: 'web3.share.status',
  summary: 'What is shared here: who uses it, how much, what it earned, and whether it answers now.',
  effect: 'read',
  scope: 'read',
  params: closed({}),
  result: closed({
    shared: Type.Array(
      closed({
        name: BackendName,
        resourceId: ResourceId,
        state: literals(shareStates),
        kind: Type.Optional(literals(['model', 'search', 'storage'])),
        label: Type.Optional(line(1, 80)),
        prices: Type.Optional(Prices),
        answers: Type.Boolean({ description: 'whether what is behind it answers now' }),
        trouble: Type.Optional(Type.String()),
        leases: Type.Array(
          closed({ leaseId, consumerActorId, status, currency, metered, remaining, expiresAt }),
        ),
        calls: Type.Integer(),
        money: Type.Array(
          closed({
            currency: CurrencySymbol,
            earned: RunningTotal,
            owed: RunningTotal,
            usage: summary.byUnit,
          }),
        ),
      }),
    ),
    currencies: Currencies,
    reach: Reach,
  }),
  errors: [],
} as const satisfies Contract

export const shareStatusCapability = capability(
  statusContract,
  {
    group: 'share',
    whenToUse: 'To see who uses what this machine shares, and what it has earned.',
    whenNotToUse: 'For all money of the node wallet: billing has it.',
    returns:
      'leases: those that run; money: over all leases of it, owed is metered and not released yet; off_market: on the list only, start publishes it.',
    errors: {},
    doors: ['gateway'],
    actor: 'provider',
    risk: { level: 'none', reversible: true },
    pricing: { charge: 'none', units: [] },
    prerequisites: [{ is: 'wallet_proved' }],
    effects: [],
    finds: [{ is: 'thing_shared', field: 'shared/*/name' }],
    next: [{ name: 'web3.share.stop', when: 'to end some of it' }],
    idempotency: 'reads-only',
    examples: { valid: {}, invalid: { verbose: true } },
  },
  async (_params, call) => {
    const { web3 } = call
    const shared = await Promise.all(web3.sharing.list().map((thing) => standing(call, thing)))
    const missing = missingReach(web3.here)
    return {
      shared,
      currencies: currenciesOf(web3),
      reach: { url: web3.site.url, ...(missing === undefined ? {} : { missing }) },
    }
  },
)

async function standing(call: Call, thing: SharedThing) {
  const { web3, who } = call
  const market = web3.market()
  const { name, resourceId } = thing
  const trouble = web3.sharing.trouble(name)?.problem
  const resource = await resourceOf(web3, resourceId, who)
  const running = await leasesOf(call, thing, ['lease_active', 'lease_ending'])
  const used = (await runLocal(market, summarizeUsage, { resourceId }, who)).currencies
  const { currencies: earned } = await runLocal(market, resourceEarnings, { resourceId }, who)
  const answers = trouble === undefined && (await answersNow(thing.driver))
  const state: (typeof shareStates)[number] =
    trouble !== undefined
      ? 'not_served'
      : thing.status === 'stopping'
        ? 'stopping'
        : resource?.status === 'resource_published'
          ? 'shared'
          : 'off_market'
  return {
    name,
    resourceId,
    state,
    ...(resource === undefined ? {} : { label: resource.label, prices: resource.prices }),
    ...(resource === undefined || resource.kind === 'agent' ? {} : { kind: resource.kind }),
    answers,
    ...(trouble === undefined ? {} : { trouble }),
    leases: running.map((lease) => ({
      leaseId: lease.leaseId,
      consumerActorId: lease.consumerActorId,
      status: lease.status,
      currency: lease.currency,
      metered: lease.metered,
      remaining: lease.remaining,
      expiresAt: lease.expiresAt,
    })),
    calls: used.reduce((sum, { entries }) => sum + entries, 0),
    money: earned.map((each) => ({
      ...each,
      usage: used.find((other) => other.currency === each.currency)?.byUnit ?? [],
    })),
  }
}
