import { getPolicy, setPolicy } from '@openclaw-market/market-core'
import { operationCapability } from '../capabilities/through-market.ts'

const exampleAllowance = 'alw_01J8ZK3V5Q0R2M4T6W8Y0A2C4E'

/** The butler may read it, and nothing more. */
export const getPolicyCapability = operationCapability('web3.billing.policy.get', getPolicy, {
  group: 'billing',
  whenToUse: 'Before you spend: how much is left, and of which allowance.',
  whenNotToUse: 'For money itself: the summary says what there is.',
  returns:
    'limitNow counts the top-ups; used and left are of this session where per is session, and absent when unknown, which is never nothing. All that are about a run must cover what it spends. approvals wait for the owner.',
  errors: {},
  doors: ['gateway', 'tool', 'api'],
  actor: 'caller',
  risk: { level: 'none', reversible: true },
  pricing: { charge: 'none', units: [] },
  prerequisites: [{ is: 'wallet_proved' }, { is: 'owners_side' }],
  effects: [],
  next: [{ name: 'web3.resources.lease', when: 'enough is left' }],
  idempotency: 'reads-only',
  examples: { valid: {}, invalid: { session: 'this one' } },
})

/** Not through the tool door: a butler never raises its own budget. */
export const setPolicyCapability = operationCapability('web3.billing.policy.set', setPolicy, {
  group: 'billing',
  whenToUse:
    "For the owner's own programs, commands and bound wallet only: to say how much may be spent, and to approve.",
  whenNotToUse: 'As a butler: you cannot. Tell the owner of /allowance.',
  returns: 'the allowance with its number, or the approval, that was changed',
  errors: {
    E_INVALID_ARGUMENT: 'not exactly one change, or a currency that this market does not deal in',
    E_NOT_FOUND: 'there is no such allowance or approval',
    E_CONFLICT:
      'the approval is answered already, or there are as many allowances or top-ups as there may be',
    E_EXPIRED: 'the approval was to be answered within an hour',
  },
  doors: ['gateway', 'api'],
  actor: 'caller',
  risk: {
    level: 'medium',
    discloses: 'nothing to anybody outside; how much your butler may spend',
    reversible: true,
  },
  pricing: { charge: 'none', units: [] },
  prerequisites: [{ is: 'wallet_proved' }, { is: 'owners_side' }],
  effects: [],
  next: [{ name: 'web3.billing.policy.get', when: 'to see what holds now' }],
  idempotency: 'by-key',
  examples: {
    valid: {
      allow: { per: 'call', currency: 'USDC', limit: '20000000' },
      idempotencyKey: 'at-most-20-a-call',
    },
    invalid: { topUp: { allowanceId: exampleAllowance, amount: '5000000', forMs: 5 } },
  },
})
