import { Type } from '@sinclair/typebox'
import { statusSummary } from '@openclaw-market/market-core'
import type { Contract } from '@openclaw-market/protocol/operation'
import { closed, literals, Timestamp } from '@openclaw-market/protocol/schema/scalars'
import { BrainStatus } from '../brain/brain-status.ts'
import { AuditStatus } from '@openclaw-market/protocol/views/log'
import { capability } from '../capabilities/capability.ts'
import { runLocal } from '../capabilities/through-market.ts'
import { waitingEnds } from '../consumer/end-elsewhere.ts'
import { actsAsNode } from '../consumer/markets.ts'
import type { Web3 } from '../plugin/web3.ts'

export const statusContract = {
  name: 'web3.status.summary',
  summary: 'How the market stands at a glance: billing, unsettled leases, the store, the markets.',
  effect: 'read',
  scope: 'read',
  params: closed({}),
  result: closed({
    billing: statusSummary.result.properties.billing,
    settlement: statusSummary.result.properties.settlement,
    payouts: statusSummary.result.properties.payouts,
    leases: statusSummary.result.properties.leases,
    calls: statusSummary.result.properties.calls,
    resources: statusSummary.result.properties.resources,
    waiting: Type.Optional(
      closed(
        { ends: Type.Integer(), since: Type.Optional(Timestamp) },
        {
          description:
            'leases to be ended whose market has not answered yet; absent: not known, or not yours to know',
        },
      ),
    ),
    audit: closed({
      ...AuditStatus.properties,
      conversation: Type.Optional(
        literals(['on', 'off'], 'for the owner: whether turns of agents go on record'),
      ),
      dropped: Type.Optional(
        Type.Integer({
          minimum: 0,
          description: 'for the owner: what the host told since the start and is not on record',
        }),
      ),
    }),
    store: closed({ backend: literals(['sqlite', 'file']) }),
    markets: Type.Array(Type.String(), { description: 'markets that this gateway deals with' }),
    backends: Type.Array(closed({ name: Type.String(), kind: Type.String() }), {
      description: 'what the owner can publish over',
    }),
    brain: Type.Optional(BrainStatus),
    problems: Type.Array(closed({ key: Type.String(), problem: Type.String() }), {
      description: 'keys of the config that are wrong, and why; what depends on them is off',
    }),
  }),
  errors: [],
} as const satisfies Contract

export const statusSummaryCapability = capability(
  statusContract,
  {
    group: 'status',
    whenToUse: 'First when the owner asks how the market or the money stands.',
    whenNotToUse: 'For details: billing, leases and status of one lease have them.',
    returns: 'Counts are of what you may see. The same figures as in billing.',
    errors: {},
    doors: ['gateway', 'tool', 'api'],
    actor: 'caller',
    risk: { level: 'none', reversible: true },
    pricing: { charge: 'none', units: [] },
    prerequisites: [{ is: 'wallet_proved' }],
    effects: [],
    finds: [{ is: 'backend_configured', field: 'backends/*/name', kindField: 'backends/*/kind' }],
    next: [
      { name: 'web3.billing.summary', when: 'to see the money over a time' },
      { name: 'web3.resources.list', when: 'to see what can be leased' },
    ],
    idempotency: 'reads-only',
    examples: { valid: {}, invalid: { verbose: true } },
  },
  async (_params, { web3, who }) => {
    const market = web3.market()
    const summary = await runLocal(market, statusSummary, {}, who)
    const { billing, settlement, payouts, leases, calls, resources } = summary
    const owner = who.kind === 'node' && who.owner
    const conversation = web3.conversation.permitted ? ('on' as const) : ('off' as const)
    return {
      billing,
      settlement,
      payouts,
      leases,
      calls,
      resources,
      ...(owner && isOpen(web3) ? { waiting: waitingSummary(web3) } : {}),
      audit: {
        ...(await market.log.status()),
        ...(owner ? { conversation, dropped: web3.conversation.dropped() } : {}),
      },
      store: { backend: market.backend },
      markets: ['local', ...(actsAsNode(who) ? web3.markets.remotes.map(({ name }) => name) : [])],
      backends: owner ? [...web3.backends].map(([name, { kind }]) => ({ name, kind })) : [],
      ...(owner ? { brain: web3.brain.status() } : {}),
      problems: owner ? [...web3.problems] : [],
    }
  },
)

function waitingSummary(web3: Web3): { ends: number; since?: number } {
  const [oldest, ...others] = waitingEnds(web3)
  return oldest === undefined ? { ends: 0 } : { ends: 1 + others.length, since: oldest.ending.wishedAt }
}

function isOpen(web3: Web3): boolean {
  try {
    web3.vault()
    return true
  } catch {
    return false
  }
}
