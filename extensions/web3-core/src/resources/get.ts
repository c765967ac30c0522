import { capability } from '../capabilities/capability.ts'
import { locate } from '../consumer/locate.ts'
import { exampleResource } from './examples.ts'
import { getContract } from './get-contract.ts'

export const getCapability = capability(
  getContract,
  {
    group: 'resources',
    whenToUse: 'To read the terms of one resource before leasing it.',
    whenNotToUse: 'To search: list does that.',
    returns: 'offer: the terms that a lease agrees to; policy: what a call may be.',
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
    const { resource, where } = await locate(call, resourceId, market)
    return { resource, market: where.name }
  },
)
