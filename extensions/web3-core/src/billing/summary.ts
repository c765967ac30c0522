import { accountStatement } from '@openclaw-market/market-core'
import { operationCapability } from '../capabilities/through-market.ts'

export const billingCapability = operationCapability('web3.billing.summary', accountStatement, {
  group: 'billing',
  whenToUse:
    'To say what was spent and earned, what is held in leases, what is owed, and what is left, per currency.',
  whenNotToUse: 'For one lease: its status has the records.',
  returns:
    "held is locked in your unsettled leases; owed is earned by you and not released yet; operatorGranted is the part of deposited that is only the operator's word. Times bound earned, spent, deposited and withdrawn only.",
  errors: {},
  doors: ['gateway', 'tool', 'api'],
  actor: 'caller',
  risk: { level: 'none', reversible: true },
  pricing: { charge: 'none', units: [] },
  prerequisites: [{ is: 'wallet_proved' }],
  effects: [],
  finds: [{ is: 'currency_dealt', field: 'currencies/*/currency' }],
  next: [{ name: 'web3.resources.leases', when: 'to see where held money is' }],
  idempotency: 'reads-only',
  examples: { valid: { since: '2026-01-01T00:00:00.000Z' }, invalid: { since: 'yesterday' } },
})
