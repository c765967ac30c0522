import { given, issueLease } from '@openclaw-market/market-core'
import { MarketError } from '@openclaw-market/protocol/errors'
import { capability } from '../capabilities/capability.ts'
import { runLocal } from '../capabilities/through-market.ts'
import { actsAsNode, chooseMarkets, localName } from '../consumer/markets.ts'
import { locate } from '../consumer/locate.ts'
import { takeLease } from '../consumer/take-lease.ts'
import { exampleResource } from './examples.ts'
import { leaseContract } from './lease-contract.ts'

const outsideOnly = ['tokenHash', 'consentSignature'] as const
/** This gateway makes the token and signs by itself. */
const forNodeWallet = { properties: { tokenHash: false, consentSignature: false } }

export const leaseCapability = capability(
  leaseContract,
  {
    group: 'resources',
    whenToUse: 'To use a resource: one lease serves many calls.',
    whenNotToUse: 'When an active lease serves already. Lock no more than the task is worth.',
    returns:
      'stored: the token is kept here, use leaseId; else your own token is the key. With sessionKey it ends with that conversation.',
    errors: {
      E_NOT_FOUND: 'no such resource, or the quote is not yours',
      E_FORBIDDEN: 'your own, not signed by you, not lent to you, or this sender may not spend',
      E_INSUFFICIENT_FUNDS: 'you, or the credit line, have less than maxCost; details.missing says how much',
      E_QUOTA_EXCEEDED: 'an allowance does not cover it',
      E_APPROVAL_REQUIRED: 'the owner must approve details.approvalId first',
      E_CONFLICT: 'the terms have changed, you hold this storage, or the key was used otherwise',
      E_EXPIRED: 'the quote has expired',
      E_TIMEOUT: 'its market does not answer; none was asked for',
      E_OUTCOME_UNKNOWN: 'the answer was lost: repeat with the same idempotencyKey',
    },
    doors: ['gateway', 'tool', 'api'],
    actor: 'consumer',
    byAllowance: true,
    risk: {
      level: 'medium',
      discloses: 'your wallet and what you lease, to market and provider',
      reversible: true,
    },
    pricing: {
      charge: 'lock',
      units: [],
      upperBound: 'maxCost; what is not used returns at its end',
    },
    prerequisites: [
      { is: 'wallet_proved' },
      { is: 'funds_available', param: 'maxCost' },
      { is: 'resource_published', param: 'resourceId' },
    ],
    effects: [
      { is: 'lease_active', field: 'leaseId', kindOf: 'resource_published' },
      { is: 'lease_held', field: 'leaseId', kindOf: 'resource_published' },
    ],
    ends: ['quote_open'],
    sources: {
      resourceId: { of: 'quote_open', param: 'resourceId' },
      ttlMs: { of: 'quote_open', param: 'ttlMs' },
      maxCost: { of: 'quote_open', field: 'maxCost' },
      quoteId: { of: 'quote_open', field: 'quoteId' },
      consentSignature: { of: 'quote_open', field: 'typedData', sign: 'eth_signTypedData_v4' },
      tokenHash: { hash: 'sha256', ofSecretBytes: 32 },
    },
    byDoor: {
      gateway: forNodeWallet,
      tool: forNodeWallet,
      api: { required: [...outsideOnly, 'quoteId'], properties: { sessionKey: false } },
    },
    next: [
      { name: 'web3.search.query', when: 'it is a search' },
      { name: 'web3.model.chat', when: 'it is a model' },
      { name: 'web3.storage.put', when: 'it is a storage' },
      { name: 'web3.resources.completeLease', when: 'the work is done' },
    ],
    idempotency: 'by-key',
    examples: {
      valid: {
        resourceId: exampleResource,
        ttlMs: 3_600_000,
        maxCost: '50000',
        idempotencyKey: 'lease-for-task-17',
      },
      invalid: { resourceId: exampleResource, ttlMs: 3_600_000, maxCost: 50_000 },
    },
  },
  async (params, call) => {
    const { market, consentSignature, tokenHash, sessionKey, ...wish } = params
    if (!actsAsNode(call.who)) {
      if (tokenHash === undefined)
        throw missing('tokenHash', 'Send the SHA-256 of a token that you have made.')
      if (consentSignature === undefined) throw missing('consentSignature', "Sign the quote's typedData.")
      if (wish.quoteId === undefined)
        throw missing('quoteId', 'Ask for a quote first: its typedData is signed.')
      if (sessionKey !== undefined) throw notYours()
      chooseMarkets(call, market)
      const terms = { ...wish, tokenHash, consentSignature }
      const { leaseId, orderId, expiresAt } = await runLocal(call.web3.market(), issueLease, terms, call.who)
      return { leaseId, orderId, expiresAt, market: localName, stored: false }
    }
    for (const [name, value] of Object.entries({ tokenHash, consentSignature })) {
      if (value !== undefined) throw unwanted(name)
    }
    return takeLease(call, { ...wish, ...given({ market, sessionKey }) })
  },
  undefined,
  async ({ resourceId, maxCost, market }, call) => {
    const { where, resource } = await locate(call, resourceId, market)
    const { currency, label, providerActorId } = resource
    return { currency, amount: maxCost, target: `${label}, ${where.name}: ${providerActorId}` }
  },
)

function missing(name: string, hint: string): MarketError {
  return new MarketError('E_INVALID_ARGUMENT', `/${name}: is required of outside wallets`, {
    details: { pointer: `/${name}`, rule: 'required' },
    hint,
  })
}

function notYours(): MarketError {
  return new MarketError('E_INVALID_ARGUMENT', "/sessionKey: names a conversation of the gateway's owner", {
    details: { pointer: '/sessionKey', rule: 'owner-only' },
    hint: 'Leave it out, and complete the lease yourself when your work is done.',
  })
}

function unwanted(name: string): MarketError {
  return new MarketError('E_INVALID_ARGUMENT', `/${name}: is for outside wallets`, {
    details: { pointer: `/${name}`, rule: 'outside-only' },
    hint: 'Leave it out: this gateway makes the token, keeps it in its vault, and signs with its node wallet.',
  })
}
