import { Type } from '@sinclair/typebox'
import { completeLease, revokeLease } from '@openclaw-market/market-core'
import { LeaseId } from '@openclaw-market/protocol/ids'
import type { Contract } from '@openclaw-market/protocol/operation'
import { closed, line } from '@openclaw-market/protocol/schema/scalars'
import { LeaseView } from '@openclaw-market/protocol/views/lease'
import { capability } from '../capabilities/capability.ts'
import { runLocal } from '../capabilities/through-market.ts'
import { closeInVault, marketOfLease } from '../consumer/of-lease.ts'
import { exampleLease } from './examples.ts'
import { OnMarket } from './market-name.ts'

const result = closed({ lease: LeaseView, market: OnMarket })

/** As another market has it; its answer names itself `local`. */
const completeContract = {
  name: 'web3.resources.completeLease',
  summary: completeLease.summary,
  effect: 'money',
  scope: 'write',
  params: closed({ leaseId: LeaseId }),
  result,
  errors: ['E_NOT_FOUND', 'E_CONFLICT', 'E_TIMEOUT'],
} as const satisfies Contract

const errors = {
  E_NOT_FOUND: 'you are no party to such a lease',
  E_CONFLICT: 'the lease has ended already',
  E_TIMEOUT: 'its market does not answer',
}

export const completeCapability = capability(
  completeContract,
  {
    group: 'resources',
    whenToUse: 'When the work is done and the usage right: it is paid at once, the rest returns.',
    whenNotToUse: 'When you do not accept the usage: revoke, which keeps the dispute window open.',
    returns: 'settlementStatus: settlement_released, or settlement_refunded when nothing was used.',
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
    const { lease } =
      remote === undefined
        ? await runLocal(call.web3.market(), completeLease, { leaseId }, call.who)
        : await remote.call(completeContract, { leaseId })
    await closeInVault(call, leaseId)
    return { lease, market: name }
  },
)

const revokeContract = {
  name: 'web3.resources.revokeLease',
  summary: revokeLease.summary,
  effect: 'money',
  scope: 'write',
  params: closed({ leaseId: LeaseId, reason: Type.Optional(line(0, 200, 'for the other party to read')) }),
  result,
  errors: ['E_NOT_FOUND', 'E_CONFLICT', 'E_TIMEOUT'],
} as const satisfies Contract

export const revokeCapability = capability(
  revokeContract,
  {
    group: 'resources',
    whenToUse: 'To end a lease without accepting its usage, or, as provider, to stop serving it.',
    whenNotToUse: 'When you are content: complete it.',
    returns: 'settlementStatus: the unused part returns at once, the used part is paid after the window.',
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
      valid: { leaseId: exampleLease, reason: 'not needed any more' },
      invalid: { leaseId: 'lease_1' },
    },
  },
  async ({ leaseId, reason }, call) => {
    const { name, remote } = marketOfLease(call, leaseId)
    const ask = reason === undefined ? { leaseId } : { leaseId, reason }
    const { lease } =
      remote === undefined
        ? await runLocal(call.web3.market(), revokeLease, ask, call.who)
        : await remote.call(revokeContract, ask)
    await closeInVault(call, leaseId)
    return { lease, market: name }
  },
)
