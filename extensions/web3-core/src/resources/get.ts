import { capability } from '../capabilities/capability.ts'
import { locateOrSeen } from '../consumer/seen/locate-seen.ts'
import { exampleResource } from './examples.ts'
import { getContract } from './get-contract.ts'
import { aged } from './market-name.ts'

export const getCapability = capability(
  getContract,
  {
    group: 'resources',
    whenToUse: 'To read the terms of one resource before leasing it.',
    whenNotToUse: 'To search: list does that.',
    returns: 'offer: what a lease agrees to; cached: as last seen, its market is silent.',
    errors: { E_NOT_FOUND: 'no such resource, or not for you', E_TIMEOUT: 'its market does not answer' },
    doors: ['gateway', 'tool', 'api'],
    actor: 'anyone',
    risk: { level: 'none', discloses: 'what you look at, to its market', reversible: true },
    pricing: { charge: 'none', units: [] },
    prerequisites: [{ is: 'resource_published', param: 'resourceId' }],
    effects: [],
    next: [
      { name: 'web3.resources.quote', when: 'to price a planned use' },
      { name: 'web3.resources.lease', when: 'to lease it' },
    ],
    idempotency: 'reads-only',
    examples: { valid: { resourceId: exampleResource }, invalid: { resourceId: 'car_1' } },
  },
  async ({ resourceId, market }, call) => {
    const { resource, where, seenAt } = await locateOrSeen(call, resourceId, market)
    const cached = seenAt === undefined ? {} : { cached: aged(call.web3.now(), seenAt) }
    return { resource, market: where.name, ...cached }
  },
)
