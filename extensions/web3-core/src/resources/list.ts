import { Type, type Static } from '@sinclair/typebox'
import { given, listResources } from '@openclaw-market/market-core'
import { MarketError } from '@openclaw-market/protocol/errors'
import type { Contract } from '@openclaw-market/protocol/operation'
import { nextCursor } from '@openclaw-market/protocol/schema/paging'
import { closed, literals } from '@openclaw-market/protocol/schema/scalars'
import { resourceStates } from '@openclaw-market/protocol/states/tables'
import { ResourceView } from '@openclaw-market/protocol/views/resource'
import { capability } from '../capabilities/capability.ts'
import { runLocal } from '../capabilities/through-market.ts'
import { listAcross, type Across } from '../consumer/across.ts'
import { chooseMarkets, marketsNamed } from '../consumer/markets.ts'
import type { RemoteMarket } from '../consumer/remote-market.ts'
import { isSeenCursor, listSeen, type Filter } from '../consumer/seen/list-seen.ts'
import type { SeenResource } from '../consumer/seen/seen-resource.ts'
import type { Web3 } from '../plugin/web3.ts'
import { aged, CachedMarkets, MarketName, OnMarket, Unreachable } from './market-name.ts'

const contract = {
  name: 'web3.resources.list',
  summary: 'Finds what can be leased: by kind, words, tag, provider and price, newest first.',
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
    cached: Type.Optional(CachedMarkets),
    off: Type.Optional(Type.String({ description: 'why local does not run; no market is asked then' })),
    nextCursor,
  }),
  errors: ['E_NOT_FOUND', 'E_TIMEOUT'],
} as const satisfies Contract

export const listCapability = capability(
  contract,
  {
    group: 'resources',
    whenToUse: 'To find what to lease. A price is amount base units for each per units.',
    whenNotToUse: 'When a lease serves already.',
    returns:
      'Exact prices and policy; cached: markets unheard, theirs as last seen; off: why local is missing.',
    errors: {
      E_INVALID_ARGUMENT: 'not a cursor of this list',
      E_NOT_FOUND: 'no such market in the config',
      E_TIMEOUT: 'that market does not answer',
    },
    doors: ['gateway', 'tool', 'api'],
    fromSeen: true,
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
      { name: 'web3.resources.quote', when: 'to price a use' },
      { name: 'web3.resources.lease', when: 'to lease one' },
    ],
    idempotency: 'reads-only',
    examples: { valid: { kind: 'search', limit: 5 }, invalid: { kind: 'car' } },
  },
  async ({ market, limit, cursor, status = 'resource_published', ...rest }, call) => {
    const filter = { ...rest, status }
    const found = await listAcross(
      chooseMarkets(call, market),
      { limit: limit ?? 50, ...given({ cursor }) },
      async ({ remote }, page) => {
        if (remote !== undefined) return listThere(call.web3, remote, filter, page)
        const listed = await runLocal(call.web3.market(), listResources, { ...filter, ...page }, call.who)
        return { items: listed.resources, ...given({ nextCursor: listed.nextCursor }) }
      },
      (remote, page) => listSeen(call.web3, remote, filter, page),
    )
    return answer(call.web3, found)
  },
  async ({ market, limit, cursor, status = 'resource_published', ...rest }, { web3, off }) => {
    const markets = marketsNamed(web3, market)
    if (!markets.some(({ remote }) => remote !== undefined && web3.seen.of(remote).length > 0))
      return undefined
    const found = await listAcross<SeenResource['resource']>(
      markets,
      { limit: limit ?? 50, ...given({ cursor }) },
      ({ name }) => Promise.reject(goneOn(name)),
      (remote, page) => listSeen(web3, remote, { ...rest, status }, page),
    )
    return { ...answer(web3, found), off: off.message }
  },
)

function answer<T extends Static<typeof ResourceView>>(
  web3: Web3,
  { items, unreachable, cached, nextCursor }: Across<T>,
) {
  const silent = cached.map(({ market, seenAt }) => ({ market, ...aged(web3.now(), seenAt) }))
  return {
    resources: [...items],
    unreachable: [...unreachable],
    ...(silent.length === 0 ? {} : { cached: silent }),
    ...given({ nextCursor }),
  }
}

async function listThere(
  { seen }: Web3,
  remote: RemoteMarket,
  filter: Filter,
  page: { limit: number; cursor?: string },
) {
  // Its first page is asked for anew: a place in what was seen is none of its own.
  if (isSeenCursor(page.cursor)) throw goneOn(remote.name)
  const listed = await remote.call(contract, { ...filter, ...page })
  const whole = page.cursor === undefined && listed.nextCursor === undefined
  // Its own word for itself is not ours for it.
  const resources = listed.resources.map(({ market: _market, ...resource }) => resource)
  if (whole && isUnnarrowed(filter)) seen.keepAll(remote, resources)
  else seen.keep(remote, resources)
  return { items: resources, ...given({ nextCursor: listed.nextCursor }) }
}

/** What is not in an answer to this is not offered any more. */
function isUnnarrowed({ status, ...rest }: Filter): boolean {
  return status === 'resource_published' && Object.keys(rest).length === 0
}

/** A list that began with what was seen goes on with it, whether or not its market has come back meanwhile. */
function goneOn(market: string): MarketError {
  return new MarketError('E_UNAVAILABLE', `the market ${market} is not asked in the middle of a list`, {
    hint: 'Begin the list again, without cursor.',
  })
}
