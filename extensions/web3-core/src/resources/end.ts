import { Type } from '@sinclair/typebox'
import { completeLease, revokeLease } from '@openclaw-market/market-core'
import type { Contract } from '@openclaw-market/protocol/operation'
import { closed, Timestamp } from '@openclaw-market/protocol/schema/scalars'
import { LeaseView } from '@openclaw-market/protocol/views/lease'
import { capability, type Outcome } from '../capabilities/capability.ts'
import { runLocal } from '../capabilities/through-market.ts'
import { endElsewhere, type Ended } from '../consumer/end-elsewhere.ts'
import { closeInVault, marketOfLease } from '../consumer/of-lease.ts'
import { endContracts } from './end-contract.ts'
import { exampleLease } from './examples.ts'
import { OnMarket } from './market-name.ts'

const Waiting = closed(
  {
    since: Timestamp,
    tries: Type.Integer(),
    lastError: Type.Optional(Type.String()),
  },
  { description: 'its market is told again until it answers' },
)

/** Of a lease on another market the end may have to wait. */
const result = closed({
  lease: Type.Optional(LeaseView),
  market: OnMarket,
  waiting: Type.Optional(Waiting),
})

const completeContract = { ...endContracts.complete, result } as const satisfies Contract
const revokeContract = { ...endContracts.revoke, result } as const satisfies Contract

const errors = {
  E_NOT_FOUND: 'you are no party to such a lease',
  E_CONFLICT: 'the lease has ended already',
}

export const completeCapability = capability(
  completeContract,
  {
    group: 'resources',
    whenToUse: 'When work is done and usage right: it is paid at once, the rest returns.',
    whenNotToUse: 'When you do not accept the usage: revoke it.',
    returns: 'waiting: its market is told until it answers.',
    errors,
    doors: ['gateway', 'tool', 'api'],
    actor: 'consumer',
    risk: { level: 'medium', discloses: 'that you are content, to the provider', reversible: false },
    pricing: { charge: 'none', units: [], upperBound: 'what was metered, within the lock' },
    prerequisites: [{ is: 'lease_active', param: 'leaseId' }],
    effects: [{ is: 'lease_settled', param: 'leaseId', kindOf: 'lease_active' }],
    ends: ['lease_active'],
    next: [{ name: 'web3.billing.summary', when: 'to see what it came to' }],
    idempotency: 'refused',
    examples: { valid: { leaseId: exampleLease }, invalid: {} },
  },
  async ({ leaseId }, call) => {
    const { name, remote } = marketOfLease(call, leaseId)
    if (remote !== undefined)
      return told(name, await endElsewhere(call.web3, remote, leaseId, { verb: 'complete' }))
    const { lease } = await runLocal(call.web3.market(), completeLease, { leaseId }, call.who)
    await closeInVault(call, leaseId)
    return { lease, market: name }
  },
)

export const revokeCapability = capability(
  revokeContract,
  {
    group: 'resources',
    whenToUse: 'To end a lease without accepting its usage, or, as provider, to end serving it.',
    whenNotToUse: 'When you are content: complete it.',
    returns: 'Unused money returns now, the rest is paid after the window; waiting: as in completing.',
    errors,
    doors: ['gateway', 'tool', 'api'],
    actor: 'caller',
    risk: { level: 'medium', discloses: 'your reason, to the other party', reversible: false },
    pricing: { charge: 'none', units: [], upperBound: 'what was metered, within the lock' },
    prerequisites: [{ is: 'lease_active', param: 'leaseId' }],
    effects: [],
    ends: ['lease_active'],
    next: [{ name: 'web3.resources.status', when: 'to see when its settlement closes' }],
    idempotency: 'refused',
    examples: {
      valid: { leaseId: exampleLease, reason: 'not needed' },
      invalid: { leaseId: 'lease_1' },
    },
  },
  async ({ leaseId, reason }, call) => {
    const { name, remote } = marketOfLease(call, leaseId)
    const why = reason === undefined ? {} : { reason }
    if (remote !== undefined)
      return told(name, await endElsewhere(call.web3, remote, leaseId, { verb: 'revoke', ...why }))
    const { lease } = await runLocal(call.web3.market(), revokeLease, { leaseId, ...why }, call.who)
    await closeInVault(call, leaseId)
    return { lease, market: name }
  },
)

function told(market: string, ended: Ended): Outcome<typeof completeContract> {
  if ('lease' in ended) return { lease: ended.lease, market }
  const { wishedAt, tries, lastError } = ended.waiting
  return { market, waiting: { since: wishedAt, tries, ...(lastError === undefined ? {} : { lastError }) } }
}
