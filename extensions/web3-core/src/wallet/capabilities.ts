import { Type } from '@sinclair/typebox'
import { walletStatus } from '@openclaw-market/market-core'
import { MarketError } from '@openclaw-market/protocol/errors'
import type { Contract } from '@openclaw-market/protocol/operation'
import { ActorId, closed, Signature, Timestamp } from '@openclaw-market/protocol/schema/scalars'
import { capability, type Capability } from '../capabilities/capability.ts'
import { operationCapability, runLocal } from '../capabilities/through-market.ts'
import type { Site } from '../identity/site.ts'
import { askWallet } from './ask.ts'
import { bindWallet } from './bind.ts'
import { unbindWallet } from './unbind.ts'

const shared = {
  group: 'wallet',
  actor: 'caller',
  pricing: { charge: 'none', units: [] },
  prerequisites: [{ is: 'wallet_proved' }],
  effects: [],
} as const

export const bindContract = {
  name: 'web3.wallet.bind',
  summary: "Names the owner's own wallet, in two steps: its address, then its signature.",
  effect: 'write',
  scope: 'write',
  params: closed(
    {
      address: Type.Optional(ActorId),
      signature: Type.Optional(Signature),
    },
    { oneOf: [{ required: ['address'] }, { required: ['signature'] }] },
  ),
  result: closed({
    bound: Type.Boolean(),
    wallet: ActorId,
    message: Type.Optional(Type.String({ description: 'to be signed' })),
    expiresAt: Type.Optional(Timestamp),
  }),
  errors: bindWallet.errors,
} as const satisfies Contract

export function walletCapabilities(site: Site): readonly Capability[] {
  const ask = askWallet(site)
  return [
    operationCapability('web3.wallet.status', walletStatus, {
      ...shared,
      whenToUse: 'To say which wallet pays here, and which wallet the owner has named as its own.',
      whenNotToUse: 'For money: the summary of billing has it.',
      returns:
        'nodeWallet pays and signs for this gateway; caller is you; owner is shown to the two wallets alone, and while suspended has no say.',
      errors: {},
      doors: ['gateway', 'tool', 'api'],
      risk: { level: 'none', reversible: true },
      next: [{ name: 'web3.wallet.bind', when: 'the owner wants to name its wallet' }],
      idempotency: 'reads-only',
      examples: { valid: {}, invalid: { wallet: 'mine' } },
    }),
    capability(
      bindContract,
      {
        ...shared,
        whenToUse:
          "When the owner wants its own wallet to speak for it here; never on a butler's own account.",
        whenNotToUse: 'To pay or to sign in: neither needs it, and it moves no money.',
        returns:
          'With address, message to be signed by that wallet (personal_sign) until expiresAt. With its signature, bound.',
        errors: {
          E_AUTH_REQUIRED: "the signature is not that wallet's over the message given last",
          E_CONFLICT: "that wallet, or another, is the owner's already",
          E_EXPIRED: 'the message was given too long ago: ask for another',
          E_NOT_FOUND: 'no message waits for a signature: begin with the address',
        },
        doors: ['gateway'],
        risk: { level: 'medium', discloses: 'the address of the owner, to this gateway', reversible: true },
        next: [{ name: 'web3.wallet.bind', when: 'after signing message, with the signature' }],
        idempotency: 'acts-again',
        examples: {
          valid: { address: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' },
          invalid: { address: '0x1234' },
        },
      },
      async ({ address, signature }, { who, web3 }) => {
        const market = web3.market()
        if (address !== undefined && signature === undefined) {
          const asked = await runLocal(market, ask, { address }, who)
          return { bound: false, wallet: address, ...asked }
        }
        if (signature !== undefined && address === undefined) {
          return { bound: true, ...(await runLocal(market, bindWallet, { signature }, who)) }
        }
        throw oneOfTwo()
      },
    ),
    operationCapability('web3.wallet.unbind', unbindWallet, {
      ...shared,
      whenToUse: "When the owner's wallet is to have no say here any more, above all when it is stolen.",
      whenNotToUse: 'To name another wallet: the present one has to let go by itself.',
      returns:
        'unbound: whether it had a say. Without its own consent it stays named, so that no other takes its place.',
      errors: {},
      doors: ['gateway', 'api'],
      risk: { level: 'low', reversible: true },
      next: [{ name: 'web3.wallet.status', when: 'to see what holds now' }],
      idempotency: 'acts-again',
      examples: { valid: {}, invalid: { wallet: 'mine' } },
    }),
  ]
}

function oneOfTwo(): MarketError {
  return new MarketError('E_INVALID_ARGUMENT', '/signature: give either address or signature', {
    details: { pointer: '/signature', rule: 'one-of' },
    hint: 'First the address; then the signature of the message that it brought.',
  })
}
