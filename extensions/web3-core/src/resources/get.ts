import { capability } from '../capabilities/capability.ts'
import { marketsNamed } from '../consumer/markets.ts'
import { findSeen, locateOrSeen } from '../consumer/seen/locate-seen.ts'
import { exampleResource } from './examples.ts'
import { getContract } from './get-contract.ts'
import { aged } from './market-name.ts'

export const getCapability = capability(
  getContract,
  {
    group: 'resources',
    whenToUse: 'To read the terms before leasing.',
    whenNotToUse: 'To search: list does that.',
    returns: 'offer: what a lease agrees to; cached: as last seen.',
    errors: { E_NOT_FOUND: 'no such resource, or not for you', E_TIMEOUT: 'its market does not answer' },
    doors: ['gateway', 'tool', 'api'],
    fromSeen: true,
    actor: 'anyone',
    risk: { level: 'none', discloses: 'what you look at, to its market', reversible: true },
    pricing: { charge: 'none', units: [] },
    prerequisites: [{ is: 'resource_published', param: 'resourceId' }],
    effects: [],
    next: [
      { name: 'web3.resources.quote', when: 'to price a use' },
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
  async ({ resourceId, market }, { web3 }) => {
    const found = findSeen(web3, marketsNamed(web3, market), resourceId)
    if (found === undefined) return undefined
    return { resource: found.resource, market: found.where.name, cached: aged(web3.now(), found.seenAt) }
  },
)
