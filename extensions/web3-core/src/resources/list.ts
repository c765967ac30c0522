import { Type } from '@sinclair/typebox'
import { given, listResources } from '@openclaw-market/market-core'
import type { Contract } from '@openclaw-market/protocol/operation'
import { nextCursor } from '@openclaw-market/protocol/schema/paging'
import { closed, literals } from '@openclaw-market/protocol/schema/scalars'
import { resourceStates } from '@openclaw-market/protocol/states/tables'
import { ResourceView } from '@openclaw-market/protocol/views/resource'
import { capability } from '../capabilities/capability.ts'
import { runLocal } from '../capabilities/through-market.ts'
import { listAcross } from '../consumer/across.ts'
import { MarketName, OnMarket, Unreachable } from './market-name.ts'

const contract = {
  name: 'web3.resources.list',
  summary: 'Finds resources that can be leased: by kind, words, tag, provider and price, newest first.',
  effect: 'read',
  scope: 'read',
  params: closed({
    ...listResources.params.properties,
    status: Type.Optional(literals(resourceStates, 'absent: published')),
    market: Type.Optional(MarketName),
  }),
  result: closed({
    resources: Type.Array(closed({ ...ResourceView.properties, market: OnMarket })),
    unreachable: Unreachable,
    nextCursor,
  }),
  errors: ['E_NOT_FOUND', 'E_TIMEOUT'],
} as const satisfies Contract

export const listCapability = capability(
  contract,
  {
    group: 'resources',
    whenToUse: 'To find a model, search or storage. A price is amount base units for each per units.',
    whenNotToUse: 'When an active lease serves already.',
    returns: 'Exact prices, policy and market of each; never where it is served from.',
    errors: {
      E_INVALID_ARGUMENT: 'not a cursor of this list',
      E_NOT_FOUND: 'the named market is not in the config',
      E_TIMEOUT: 'the named market does not answer',
    },
    doors: ['gateway', 'tool', 'api'],
    actor: 'anyone',
    risk: { level: 'none', discloses: 'your filter, to the markets', reversible: true },
    pricing: { charge: 'none', units: [] },
    prerequisites: [],
    effects: [],
    finds: [
      {
        is: 'resource_published',
        field: 'resources/*/resourceId',
        kindField: 'resources/*/kind',
        notOwn: 'resources/*/providerActorId',
      },
    ],
    next: [
      { name: 'web3.resources.get', when: 'to read its terms' },
      { name: 'web3.resources.quote', when: 'to price a planned use' },
      { name: 'web3.resources.lease', when: 'to lease one' },
    ],
    idempotency: 'reads-only',
    examples: { valid: { kind: 'search', limit: 5 }, invalid: { kind: 'car' } },
  },
  async ({ market, limit, cursor, status = 'resource_published', ...rest }, call) => {
    const filter = { ...rest, status }
    const { items, unreachable, nextCursor } = await listAcross(
      call,
      { limit: limit ?? 50, ...given({ market, cursor }) },
      async ({ remote }, page) => {
        const listed =
          remote === undefined
            ? await runLocal(call.web3.market(), listResources, { ...filter, ...page }, call.who)
            : await remote.call(contract, { ...filter, ...page })
        return { items: listed.resources, ...given({ nextCursor: listed.nextCursor }) }
      },
    )
    return {
      resources: [...items],
      unreachable: [...unreachable],
      ...given({ nextCursor }),
    }
  },
)
