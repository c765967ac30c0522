/**
 * Post-paid leases: what providers lend, what is drawn of it, and paying it. To lend is a decision of the owner, or of an
 * outside wallet: no tool does it.
 */
import { closeCredit, listCredit, openCredit, settleCredit } from '@openclaw-market/market-core'
import { operationCapability } from '../capabilities/through-market.ts'

const exampleLine = 'line_01J00000000000000000000000'
const exampleConsumer = '0x52908400098527886E0F7030069857D2E4169EE7'

const common = {
  group: 'billing',
  pricing: { charge: 'none', units: [] },
} as const

export const openCreditCapability = operationCapability('web3.billing.credit.open', openCredit, {
  ...common,
  doors: ['gateway', 'api'],
  whenToUse: 'As provider, to let a wallet that you trust (your own devices) pay afterwards.',
  whenNotToUse: 'For strangers: what they do not pay is lost to you.',
  returns: 'creditLineId: what its leases draw on.',
  errors: {
    E_INVALID_ARGUMENT: 'no currency of this market',
    E_FORBIDDEN: 'you publish nothing, it is yourself, or you are not the owner',
    E_CONFLICT: 'more than that is drawn already, or graceMs of an open line would change',
  },
  actor: 'provider',
  risk: { level: 'high', discloses: 'the terms, to the consumer', reversible: false },
  prerequisites: [
    { is: 'wallet_proved' },
    { is: 'resource_offered' },
    { is: 'currency_dealt', param: 'currency' },
  ],
  effects: [{ is: 'credit_lent', field: 'creditLineId' }],
  next: [{ name: 'web3.billing.credit.list', when: 'to see what is drawn' }],
  idempotency: 'acts-again',
  examples: {
    valid: { to: exampleConsumer, currency: 'USDC', ceiling: '5000000', maxRequestsPerMinute: 60 },
    invalid: { to: exampleConsumer, currency: 'USDC', ceiling: '0', maxRequestsPerMinute: 60 },
  },
})

export const closeCreditCapability = operationCapability('web3.billing.credit.close', closeCredit, {
  ...common,
  doors: ['gateway', 'api'],
  whenToUse: 'To lend no more to a consumer.',
  whenNotToUse: 'To end its leases, too: revoke each.',
  returns: 'drawn: what running leases hold, and what is owed.',
  errors: { E_NOT_FOUND: 'you have opened no such line', E_CONFLICT: 'the line is closed already' },
  actor: 'provider',
  risk: { level: 'low', discloses: 'that you lend no more, to the consumer', reversible: true },
  prerequisites: [{ is: 'credit_lent', param: 'creditLineId' }],
  effects: [],
  ends: ['credit_lent'],
  next: [{ name: 'web3.billing.credit.list', when: 'to see what is still owed' }],
  idempotency: 'refused',
  examples: { valid: { creditLineId: exampleLine }, invalid: {} },
})

export const listCreditCapability = operationCapability('web3.billing.credit.list', listCredit, {
  ...common,
  doors: ['gateway', 'tool', 'api'],
  whenToUse: 'To see what you may lease on credit and owe, or what you lend.',
  whenNotToUse: 'For sums: the summary has owing and credit.',
  returns: 'blocked: something was not paid in time; until it is paid this provider leases nothing more.',
  errors: { E_INVALID_ARGUMENT: 'not a cursor of this list' },
  actor: 'caller',
  risk: { level: 'none', reversible: true },
  prerequisites: [{ is: 'wallet_proved' }],
  effects: [],
  finds: [{ is: 'credit_held', field: 'lines/*/creditLineId', notOwn: 'lines/*/providerActorId' }],
  next: [{ name: 'web3.billing.credit.settle', when: 'something is drawn' }],
  idempotency: 'reads-only',
  examples: { valid: { status: 'credit_open' }, invalid: { status: 'open' } },
})

export const settleCreditCapability = operationCapability('web3.billing.credit.settle', settleCredit, {
  ...common,
  doors: ['gateway', 'tool', 'api'],
  whenToUse: 'At the end of a session, or to pay what is owed or was not paid in time.',
  whenNotToUse: 'When you do not accept what a running lease has used: revoke it.',
  returns: 'paid from your money: what is owed, and what running leases have used; a lease whole or not.',
  errors: {
    E_NOT_FOUND: 'no such line is open to you, or the lease does not draw on it',
    E_INSUFFICIENT_FUNDS: 'your money covers none of it; details.owing says how much',
  },
  actor: 'consumer',
  risk: { level: 'medium', discloses: 'that you are content, to the provider', reversible: false },
  pricing: { charge: 'none', units: [], upperBound: 'what was metered and not paid' },
  prerequisites: [{ is: 'credit_held', param: 'creditLineId' }],
  effects: [],
  next: [{ name: 'web3.billing.summary', when: 'to see what is left' }],
  idempotency: 'acts-again',
  examples: { valid: { creditLineId: exampleLine }, invalid: { creditLineId: 'line_1' } },
})
