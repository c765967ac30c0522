import { operationCapability } from '../capabilities/through-market.ts'
import type { Capability } from '../capabilities/capability.ts'
import { challengeOperation } from './challenge.ts'
import { signInOperation } from './sign-in.ts'
import { signOut } from './sign-out.ts'
import type { Site } from './site.ts'

const free = { charge: 'none', units: [] } as const
const exampleAddress = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'

export function identityCapabilities(site: Site): readonly Capability[] {
  return [
    operationCapability('web3.siwe.challenge', challengeOperation(site), {
      group: 'siwe',
      whenToUse: 'First, when you are an outside wallet and have no session: to get the message to sign.',
      whenNotToUse: "Inside the owner's gateway: there you act as its node wallet already.",
      returns:
        'message is what the wallet signs (personal_sign, EIP-191), exactly as it stands; nonce is inside it.',
      errors: { E_INVALID_ARGUMENT: 'wallets of that chainId are not served here: leave it out' },
      doors: ['api'],
      actor: 'anyone',
      risk: { level: 'none', discloses: 'the address that you name, to this market', reversible: true },
      pricing: free,
      prerequisites: [],
      effects: [{ is: 'challenge_open', field: 'nonce' }],
      sources: { address: { own: 'address' } },
      next: [{ name: 'web3.siwe.verify', when: 'after signing the message' }],
      idempotency: 'acts-again',
      examples: { valid: { address: exampleAddress }, invalid: { address: '0x1234' } },
    }),
    operationCapability('web3.siwe.verify', signInOperation(site), {
      group: 'siwe',
      whenToUse: 'To turn the signed challenge into a session for Authorization: Bearer.',
      whenNotToUse: 'When you would rather sign each request by itself.',
      returns: 'session is the bearer: a secret, shown this once. It ends at expiresAt.',
      errors: {
        E_INVALID_ARGUMENT: 'the message is none of Sign-In with Ethereum: send back what the challenge gave',
        E_AUTH_REQUIRED:
          'the message is not ours, was answered before, has expired, or is not signed by that wallet',
      },
      doors: ['api'],
      actor: 'anyone',
      risk: { level: 'low', discloses: 'that you hold this wallet, to this market', reversible: true },
      pricing: free,
      prerequisites: [{ is: 'challenge_open' }],
      effects: [{ is: 'wallet_proved', field: 'session', header: 'authorization: Bearer *' }],
      ends: ['challenge_open'],
      sources: {
        message: { of: 'challenge_open', field: 'message' },
        signature: { of: 'challenge_open', field: 'message', sign: 'personal_sign' },
      },
      next: [
        { name: 'web3.resources.list', when: 'to see what there is' },
        { name: 'web3.siwe.logout', when: 'when done' },
      ],
      idempotency: 'refused',
      examples: {
        valid: {
          message: 'example.org wants you to sign in with your Ethereum account: …',
          signature: `0x${'11'.repeat(65)}`,
        },
        invalid: { message: '', signature: `0x${'11'.repeat(65)}` },
      },
    }),
    operationCapability('web3.siwe.logout', signOut, {
      group: 'siwe',
      whenToUse: 'When a session is not needed any more.',
      whenNotToUse: 'With signed requests: they have no session.',
      returns: 'ended: whether there was a session to end.',
      errors: {},
      doors: ['api'],
      actor: 'caller',
      risk: { level: 'none', reversible: true },
      pricing: free,
      prerequisites: [{ is: 'wallet_proved' }],
      effects: [],
      ends: ['wallet_proved'],
      next: [],
      idempotency: 'refused',
      examples: { valid: {}, invalid: { session: 'unknown field' } },
    }),
  ]
}
