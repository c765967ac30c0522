import { Type, type Static } from '@sinclair/typebox'
import { publishResource, ResourcePrices } from '@openclaw-market/market-core'
import { BackendName, Policy } from '@openclaw-market/protocol/entities/resource'
import { isMarketError, MarketError } from '@openclaw-market/protocol/errors'
import { ResourceId } from '@openclaw-market/protocol/ids'
import { Prices } from '@openclaw-market/protocol/money/price'
import type { Contract } from '@openclaw-market/protocol/operation'
import { closed, line, literals } from '@openclaw-market/protocol/schema/scalars'
import { capability, type Call } from '../capabilities/capability.ts'
import { runLocal } from '../capabilities/through-market.ts'
import type { Candidate } from './candidate.ts'
import { findErrors, Notes } from './find-capability.ts'
import { missingReach } from './here.ts'
import { look, lookAround, proposedCurrency } from './look.ts'
import { isUnchanged, sharedBefore, termsOf, type Asked, type Before, type Terms } from './offer.ts'
import { shareableKinds } from './price-figure.ts'
import { resourceOf } from './tend.ts'

export const Reach = closed({
  url: Type.String({ description: 'where leaseholders come to' }),
  missing: Type.Optional(Type.String({ description: 'what others still need to reach it; absent: nothing' })),
})

export const startContract = {
  name: 'web3.share.start',
  summary: 'Shares what find has found here: serves it, and publishes it at a price.',
  effect: 'write',
  scope: 'admin',
  params: closed({
    ...look,
    things: Type.Array(
      closed({
        name: BackendName,
        label: Type.Optional(line(1, 80)),
        prices: Type.Optional(ResourcePrices),
        policy: Type.Optional(Policy),
      }),
      { minItems: 1, maxItems: 32, 'x-uniqueBy': 'name' },
    ),
  }),
  result: closed({
    shared: Type.Array(
      closed({
        name: BackendName,
        kind: literals(shareableKinds),
        label: line(1, 80),
        prices: Prices,
        resourceId: ResourceId,
        done: literals(['published', 'republished', 'unchanged']),
      }),
    ),
    notes: Notes,
    reach: Reach,
  }),
  errors: ['E_NOT_FOUND', 'E_FORBIDDEN', 'E_QUOTA_EXCEEDED', 'E_CONFLICT'],
} as const satisfies Contract

export const startCapability = capability(
  startContract,
  {
    group: 'share',
    whenToUse: 'To earn with what this machine has to spare. Again: only what differs is published anew.',
    whenNotToUse: 'For a backend that the config names: publish does that.',
    returns:
      'done: what it came to for each; notes: what is here and was not shared; reach: whether others can get to this machine.',
    errors: {
      ...findErrors,
      E_INVALID_ARGUMENT: 'prices in units that this kind has not, or no currency of this market',
      E_NOT_FOUND: 'nothing of that name is found where it was looked for, or there is no such folder',
      E_CONFLICT: 'another backend has the folder already',
    },
    doors: ['gateway'],
    actor: 'provider',
    risk: { level: 'medium', discloses: 'label, prices and terms, to everyone', reversible: true },
    pricing: { charge: 'none', units: [] },
    prerequisites: [{ is: 'wallet_proved' }, { is: 'share_possible', param: 'things/*/name' }],
    effects: [{ is: 'thing_shared', field: 'shared/*/name' }],
    next: [
      { name: 'web3.share.status', when: 'to see who uses it and what it earns' },
      { name: 'web3.share.stop', when: 'to end it' },
    ],
    idempotency: 'acts-again',
    examples: {
      valid: { things: [{ name: 'searxng' }] },
      invalid: { things: [] },
    },
  },
  async ({ things, ...where }, call) => {
    const { web3 } = call
    return web3.sharing.inTurn(async () => {
      const currency = proposedCurrency(web3)
      const { candidates, notes } = await lookAround(web3, where)
      const planned = []
      for (const [i, { name, ...asked }] of things.entries()) {
        const candidate = candidates.find((each) => each.name === name)
        if (candidate === undefined) throw notFound(i, name)
        const before = await asItStands(call, candidate)
        planned.push({
          i,
          candidate,
          before,
          terms: termsOf(candidate, asked satisfies Asked, before, currency),
        })
      }
      const shared = []
      for (const { i, candidate, before, terms } of planned)
        shared.push(await share(call, i, candidate, before, terms))
      const missing = missingReach(web3.here)
      const reach = { url: web3.site.url, ...(missing === undefined ? {} : { missing }) }
      return { shared, notes: [...notes], reach }
    })
  },
)

async function asItStands({ web3, who }: Call, candidate: Candidate): Promise<Before> {
  const thing = sharedBefore(web3.sharing.list(), candidate)
  return { thing, resource: thing === undefined ? undefined : await resourceOf(web3, thing.resourceId, who) }
}

type Shared = Static<typeof startContract.result>['shared'][number]

/** List, backend, market: in this order, so that what a crash leaves is on the list and whoever comes next goes on. */
async function share(
  { web3, who }: Call,
  i: number,
  { name, kind, driver }: Candidate,
  before: Before,
  terms: Terms,
): Promise<Shared> {
  const market = web3.market()
  const resourceId = before.thing?.resourceId ?? market.ids.next('res')
  await web3.sharing.put({ name, resourceId, driver, status: 'sharing' })
  try {
    const trouble = web3.sharing.trouble(name)
    if (trouble !== undefined) throw cannotServe(i, trouble.problem)
    const shared = { name, kind, label: terms.label, prices: terms.prices, resourceId }
    if (isUnchanged(terms, before)) return { ...shared, done: 'unchanged' }
    const { description, tags } = before.resource ?? {}
    const resource = {
      resourceId,
      kind,
      backend: name,
      ...terms,
      ...(description === undefined ? {} : { description }),
      ...(tags === undefined ? {} : { tags }),
    }
    const { version } = await runLocal(market, publishResource, { resource }, who)
    return { ...shared, done: version === 1 ? 'published' : 'republished' }
  } catch (error) {
    if (before.thing === undefined) await web3.sharing.drop(name)
    throw inTheirWords(error, i)
  }
}

function notFound(i: number, name: string): MarketError {
  return new MarketError('E_NOT_FOUND', `/things/${i}/name: nothing called ${name} is found here`, {
    details: { pointer: `/things/${i}/name` },
    hint: '{{web3.share.find}}, looking at the same places, gives the names of what is.',
  })
}

function cannotServe(i: number, problem: string): MarketError {
  return new MarketError('E_CONFLICT', `/things/${i}: it cannot be served: ${problem}`, {
    details: { pointer: `/things/${i}` },
    hint: 'Mend that, or share something else.',
  })
}

/** The market speaks of the resource that it was given, which our caller never saw. */
function inTheirWords(error: unknown, i: number): unknown {
  if (!isMarketError(error)) return error
  const theirs = (text: string): string => text.replace(/^\/resource(?=\/|:)/, `/things/${i}`)
  const pointer = error.details?.['pointer']
  return new MarketError(error.code, theirs(error.message), {
    ...(error.details === undefined
      ? {}
      : {
          details: {
            ...error.details,
            ...(typeof pointer === 'string' ? { pointer: theirs(pointer) } : {}),
          },
        }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error,
  })
}
