import { withdraw } from '@openclaw-market/market-core'
import { operationCapability } from '../capabilities/through-market.ts'

/** Not through the tool: a butler that was talked into something sends no money out. */
export const withdrawCapability = operationCapability('web3.billing.withdraw', withdraw, {
  group: 'billing',
  whenToUse: 'To take out money that is available, once the owner has said how much.',
  whenNotToUse: 'For what leases hold: it comes back, or goes to the provider, when they settle.',
  returns: 'status: payout_pending, until the operator has paid it out or returned it.',
  errors: {
    E_INVALID_ARGUMENT: 'the amount is zero, or the market does not deal in that currency',
    E_INSUFFICIENT_FUNDS: 'more than is available; the summary says how much that is',
    E_CONFLICT: 'the idempotencyKey was used for another withdrawal',
  },
  doors: ['gateway', 'api'],
  actor: 'caller',
  risk: { level: 'high', discloses: 'that you withdraw, to the operator', reversible: false },
  pricing: { charge: 'none', units: [] },
  prerequisites: [
    { is: 'wallet_proved' },
    { is: 'funds_available' },
    { is: 'currency_dealt', param: 'currency' },
  ],
  effects: [],
  next: [{ name: 'web3.billing.summary', when: 'to see it among pendingPayouts' }],
  idempotency: 'by-key',
  examples: {
    valid: { currency: 'USDC', amount: '1000', idempotencyKey: 'withdraw-january' },
    invalid: { currency: 'USDC', amount: '1.5' },
  },
})
