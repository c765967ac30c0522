import { Type } from '@sinclair/typebox'
import { listLeases, revokeLease } from '@openclaw-market/market-core'
import { BackendName } from '@openclaw-market/protocol/entities/resource'
import { isMarketError, MarketError } from '@openclaw-market/protocol/errors'
import { LeaseId } from '@openclaw-market/protocol/ids'
import type { Contract } from '@openclaw-market/protocol/operation'
import { Amount, closed, CurrencySymbol, literals, Timestamp } from '@openclaw-market/protocol/schema/scalars'
import type { LeaseView } from '@openclaw-market/protocol/views/lease'
import { capability, type Call } from '../capabilities/capability.ts'
import { runLocal } from '../capabilities/through-market.ts'
import type { SharedThing } from './shared-file.ts'
import { finishStopping } from './tend.ts'

export const stopContract = {
  name: 'web3.share.stop',
  summary: 'Takes what is shared off the market; leases of it run to their end, or end now.',
  effect: 'money',
  scope: 'admin',
  params: closed({
    names: Type.Optional(
      Type.Array(BackendName, { minItems: 1, maxItems: 32, uniqueItems: true, description: 'absent: all' }),
    ),
    endLeases: Type.Optional(Type.Boolean({ description: 'revoke leases now; false when absent' })),
  }),
  result: closed({
    stopped: Type.Array(
      closed({
        name: BackendName,
        status: literals(['gone', 'stopping'], 'stopping: served until its last lease is through'),
        leases: Type.Integer({ description: 'that still run' }),
        lastEndsAt: Type.Optional(Timestamp),
      }),
    ),
    ended: Type.Array(
      closed({ leaseId: LeaseId, currency: CurrencySymbol, metered: Amount, maxCost: Amount }),
    ),
  }),
  errors: ['E_NOT_FOUND'],
} as const satisfies Contract

export const stopCapability = capability(
  stopContract,
  {
    group: 'share',
    whenToUse: 'When this machine is wanted back.',
    whenNotToUse: 'To change a price: start does that, and leases keep their terms.',
    returns: 'ended: leases revoked now, what each had metered and the most that it would have paid.',
    errors: { E_NOT_FOUND: 'nothing of that name is shared' },
    doors: ['gateway'],
    actor: 'provider',
    risk: { level: 'medium', discloses: 'that it is no longer offered', reversible: true },
    pricing: { charge: 'none', units: [] },
    prerequisites: [{ is: 'thing_shared', param: 'names/*' }],
    effects: [],
    ends: ['thing_shared'],
    next: [{ name: 'web3.share.start', when: 'to share it again' }],
    idempotency: 'acts-again',
    examples: { valid: { names: ['searxng'] }, invalid: { names: 'searxng' } },
  },
  async ({ names, endLeases = false }, call) =>
    call.web3.sharing.inTurn(async () => {
      const { sharing } = call.web3
      const list = sharing.list()
      const things = names === undefined ? list : names.map((name, i) => named(list, name, i))
      // First what is wanted, for all of them: whatever comes now, they will be stopped.
      for (const thing of things) await sharing.put({ ...thing, status: 'stopping' })
      const stopped = []
      const ended = []
      for (const thing of things) {
        if (endLeases) ended.push(...(await revokeAll(call, thing)))
        const gone = await finishStopping(call.web3, thing)
        const running = gone ? [] : await leasesOf(call, thing, ['lease_active', 'lease_ending'])
        const last = Math.max(...running.map(({ expiresAt }) => expiresAt))
        stopped.push({
          name: thing.name,
          status: gone ? ('gone' as const) : ('stopping' as const),
          leases: running.length,
          ...(running.length === 0 ? {} : { lastEndsAt: last }),
        })
      }
      return { stopped, ended }
    }),
)

function named(list: readonly SharedThing[], name: string, i: number): SharedThing {
  const thing = list.find((each) => each.name === name)
  if (thing !== undefined) return thing
  throw new MarketError('E_NOT_FOUND', `/names/${i}: nothing called ${name} is shared`, {
    details: { pointer: `/names/${i}` },
    hint: '{{web3.share.status}} gives the names of what is.',
  })
}

export async function leasesOf(
  { web3, who }: Call,
  { resourceId }: SharedThing,
  states: readonly LeaseView['status'][],
): Promise<readonly LeaseView[]> {
  const found: LeaseView[] = []
  for (const status of states) {
    let cursor: string | undefined
    do {
      const page = await runLocal(
        web3.market(),
        listLeases,
        { resourceId, status, limit: 200, ...(cursor === undefined ? {} : { cursor }) },
        who,
      )
      found.push(...page.leases)
      cursor = page.nextCursor
    } while (cursor !== undefined)
  }
  return found
}

async function revokeAll(call: Call, thing: SharedThing) {
  const ended = []
  for (const { leaseId } of await leasesOf(call, thing, ['lease_active'])) {
    try {
      const ask = { leaseId, reason: 'the provider has stopped sharing' }
      const { lease } = await runLocal(call.web3.market(), revokeLease, ask, call.who)
      const { currency, metered, maxCost } = lease
      ended.push({ leaseId, currency, metered, maxCost })
    } catch (error) {
      // It has ended by itself in the meantime.
      if (!isMarketError(error) || error.code !== 'E_CONFLICT') throw error
    }
  }
  return ended
}
