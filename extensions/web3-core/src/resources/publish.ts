import { publishResource, unpublishResource } from '@openclaw-market/market-core'
import { operationCapability } from '../capabilities/through-market.ts'
import { exampleResource } from './examples.ts'

const free = { charge: 'none', units: [] } as const

export const publishCapability = operationCapability('web3.resources.publish', publishResource, {
  group: 'resources',
  whenToUse: 'To offer what a backend here serves; with its resourceId: a new version.',
  whenNotToUse: 'To change a running lease: it keeps its terms.',
  returns: 'offerHash is what consumers consent to.',
  errors: {
    E_NOT_CONFIGURED: 'no backend of that name is yours to publish over; details.usable has those that are',
    E_CONFLICT:
      'the resourceId is taken or of another kind, or the idempotencyKey was used for another request',
    E_FORBIDDEN: 'an outside wallet must sign a delegation to this market',
  },
  degradation: 'While the backend is down calls fail and are not billed.',
  doors: ['gateway', 'tool', 'api'],
  actor: 'provider',
  risk: { level: 'low', discloses: 'label, prices and terms, to everyone', reversible: true },
  pricing: free,
  prerequisites: [{ is: 'wallet_proved' }, { is: 'backend_configured', param: 'resource/backend' }],
  effects: [{ is: 'resource_published', field: 'resourceId' }],
  next: [
    { name: 'web3.resources.leases', when: 'to see who uses it' },
    { name: 'web3.resources.unpublish', when: 'to take it off the market' },
  ],
  idempotency: 'By idempotencyKey; without one each call makes a version.',
  examples: {
    valid: {
      resource: {
        kind: 'search',
        label: 'Search over my notes',
        tags: ['docs'],
        prices: [{ unit: 'query', amount: '1000', per: '1', currency: 'USDC' }],
        backend: 'docs',
      },
    },
    invalid: { resource: { kind: 'search' } },
  },
  since: '0.1.0',
})

export const unpublishCapability = operationCapability('web3.resources.unpublish', unpublishResource, {
  group: 'resources',
  whenToUse: 'To take a resource of yours off the market.',
  whenNotToUse: 'To end a lease: it runs to its end.',
  returns: 'status is resource_unpublished.',
  errors: { E_NOT_FOUND: 'you have no such resource', E_CONFLICT: 'it is not published' },
  degradation: 'Needs nothing but this market.',
  doors: ['gateway', 'tool', 'api'],
  actor: 'provider',
  risk: { level: 'low', discloses: 'that it is no longer offered', reversible: true },
  pricing: free,
  prerequisites: [{ is: 'resource_published', param: 'resourceId' }],
  effects: [],
  next: [{ name: 'web3.resources.publish', when: 'to offer it again' }],
  idempotency: 'A second call is E_CONFLICT and changes nothing.',
  examples: { valid: { resourceId: exampleResource }, invalid: { resourceId: 'car_1' } },
  since: '0.1.0',
})
