import { Type } from '@sinclair/typebox'
import type { Contract } from '@openclaw-market/protocol/operation'
import { ActorId, closed, literals } from '@openclaw-market/protocol/schema/scalars'
import { capability, groups } from './capability.ts'
import { documentVersion } from './document.ts'

const contract = {
  name: 'web3.capabilities.list',
  summary: 'Lists what can be called, a line each.',
  effect: 'read',
  scope: 'read',
  params: closed({
    group: Type.Optional(literals(groups)),
    includeUnavailable: Type.Optional(
      Type.Boolean({ description: 'also what cannot be used now; false when absent' }),
    ),
  }),
  result: closed({
    version: Type.String(),
    market: closed(
      { address: ActorId, chainId: Type.Integer() },
      { description: 'whom signed requests address' },
    ),
    capabilities: Type.Array(
      closed({
        name: Type.String(),
        group: literals(groups),
        summary: Type.String(),
        effect: literals(['read', 'write', 'money']),
        available: Type.Boolean(),
      }),
    ),
  }),
  errors: [],
} as const satisfies Contract

export const listCapabilities = capability(
  contract,
  {
    group: 'capabilities',
    whenToUse: 'First, to see what there is.',
    whenNotToUse: 'To learn how to call one: describe does that.',
    returns: 'effect money means that a call may move or commit money.',
    errors: {},
    doors: ['gateway', 'tool', 'api'],
    actor: 'anyone',
    risk: { level: 'none', reversible: true },
    pricing: { charge: 'none', units: [] },
    prerequisites: [],
    effects: [],
    next: [{ name: 'web3.capabilities.describe', when: 'to learn how to call one' }],
    idempotency: 'reads-only',
    examples: { valid: { group: 'resources' }, invalid: { group: 'cars' } },
  },
  async ({ group, includeUnavailable = false }, { web3, door }) => {
    const { registry } = web3
    const market = web3.market()
    const capabilities = registry.capabilities
      .filter(({ facts }) => facts.doors.includes(door) && (group === undefined || facts.group === group))
      .map((capability) => ({
        name: registry.naming.shown(capability.contract.name),
        group: capability.facts.group,
        summary: registry.naming.resolve(capability.contract.summary),
        effect: capability.contract.effect,
        available: registry.unavailable(capability, door) === undefined,
      }))
      .filter(({ available }) => includeUnavailable || available)
    return {
      version: documentVersion,
      market: { address: market.address, chainId: market.chainId },
      capabilities,
    }
  },
)
