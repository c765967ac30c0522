import { Type } from '@sinclair/typebox'
import { BackendName, Policy } from '@openclaw-market/protocol/entities/resource'
import { Prices } from '@openclaw-market/protocol/money/price'
import type { Contract } from '@openclaw-market/protocol/operation'
import { closed, line, literals } from '@openclaw-market/protocol/schema/scalars'
import { capability } from '../capabilities/capability.ts'
import { Currencies, currenciesOf, look, lookAround, proposedCurrency } from './look.ts'
import { sharedBefore, termsOf } from './offer.ts'
import { shareableKinds } from './price-figure.ts'
import { resourceOf } from './tend.ts'

/** What was met and cannot be shared as it is, and what to do about it. */
export const Notes = Type.Array(closed({ about: Type.String(), problem: Type.String(), hint: Type.String() }))

export const findContract = {
  name: 'web3.share.find',
  summary: 'Looks on the machine of the gateway for what can be shared, and proposes prices.',
  effect: 'read',
  scope: 'admin',
  params: closed(look),
  result: closed({
    currencies: Currencies,
    found: Type.Array(
      closed({
        name: BackendName,
        kind: literals(shareableKinds),
        by: Type.String(),
        label: line(1, 80),
        prices: Prices,
        policy: Policy,
        shared: Type.Boolean(),
      }),
    ),
    notes: Notes,
  }),
  errors: ['E_NOT_FOUND', 'E_FORBIDDEN', 'E_QUOTA_EXCEEDED'],
} as const satisfies Contract

export const findErrors = {
  E_NOT_FOUND: 'there is no such folder',
  E_FORBIDDEN: 'the folder holds what is private: the state of OpenClaw, a home, hidden files',
  E_QUOTA_EXCEEDED: 'the disk has not so much room; details.most is what it has',
}

export const findCapability = capability(
  findContract,
  {
    group: 'share',
    whenToUse: 'Before sharing: to learn by which names start takes what is here.',
    whenNotToUse: 'To find what others offer: list does that.',
    returns:
      'by: the program or folder behind it; prices: of now where it is shared, else proposed; notes: what is here and cannot be shared, and why.',
    errors: findErrors,
    doors: ['gateway'],
    actor: 'provider',
    risk: { level: 'none', reversible: true },
    pricing: { charge: 'none', units: [] },
    prerequisites: [],
    effects: [],
    finds: [{ is: 'share_possible', field: 'found/*/name' }],
    next: [{ name: 'web3.share.start', when: 'to share some of it' }],
    idempotency: 'reads-only',
    examples: { valid: {}, invalid: { ports: [0] } },
  },
  async (where, { web3, who }) => {
    const currency = proposedCurrency(web3)
    const { candidates, notes } = await lookAround(web3, where)
    const found = []
    for (const candidate of candidates) {
      const thing = sharedBefore(web3.sharing.list(), candidate)
      const resource = thing === undefined ? undefined : await resourceOf(web3, thing.resourceId, who)
      const { name, kind, by } = candidate
      const terms = termsOf(candidate, {}, { thing, resource }, currency)
      found.push({ name, kind, by, ...terms, shared: resource?.status === 'resource_published' })
    }
    return { currencies: currenciesOf(web3), found, notes: [...notes] }
  },
)
