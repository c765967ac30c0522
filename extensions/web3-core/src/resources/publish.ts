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
    E_INVALID_ARGUMENT:
      'no currency of this market, a backend of other kind, or a resourceId of a later time',
    E_NOT_CONFIGURED: 'no such backend is yours to publish over; details.usable has yours',
    E_CONFLICT: 'the resourceId is taken or of another kind, or the key was used otherwise',
    E_FORBIDDEN: 'an outside wallet must sign a delegation to this market',
  },
  doors: ['gateway', 'tool', 'api'],
  actor: 'provider',
  risk: { level: 'low', discloses: 'label, prices and terms, to everyone', reversible: true },
  pricing: free,
  prerequisites: [
    { is: 'wallet_proved' },
    { is: 'backend_configured', param: 'resource/backend', kindParam: 'resource/kind' },
    { is: 'currency_dealt', param: 'resource/prices/*/currency' },
  ],
  effects: [
    { is: 'resource_offered', field: 'resourceId', kindParam: 'resource/kind' },
    { is: 'resource_published', field: 'resourceId', kindParam: 'resource/kind', forOthers: true },
  ],
  next: [
    { name: 'web3.resources.leases', when: 'to see users' },
    { name: 'web3.resources.unpublish', when: 'to end it' },
  ],
  idempotency: 'by-key',
  examples: {
    valid: {
      resource: {
        kind: 'search',
        label: 'My notes',
        tags: ['docs'],
        prices: [{ unit: 'query', amount: '1000', per: '1', currency: 'USDC' }],
        backend: 'docs',
      },
      idempotencyKey: 'publish-notes-1',
    },
    invalid: { resource: { kind: 'search' } },
  },
})

export const unpublishCapability = operationCapability('web3.resources.unpublish', unpublishResource, {
  group: 'resources',
  whenToUse: 'To take a resource of yours off the market.',
  whenNotToUse: 'To end a lease: it runs to its end.',
  returns: 'status is resource_unpublished now.',
  errors: { E_NOT_FOUND: 'you have no such resource', E_CONFLICT: 'it is not published' },
  doors: ['gateway', 'tool', 'api'],
  actor: 'provider',
  risk: { level: 'low', discloses: 'that it is gone', reversible: true },
  pricing: free,
  prerequisites: [{ is: 'resource_offered', param: 'resourceId' }],
  effects: [],
  ends: ['resource_offered', 'resource_published'],
  next: [{ name: 'web3.resources.publish', when: 'to offer it again' }],
  idempotency: 'refused',
  examples: { valid: { resourceId: exampleResource }, invalid: { resourceId: 'car_1' } },
})
