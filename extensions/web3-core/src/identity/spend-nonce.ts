import { SpentNonces } from '@openclaw-market/protocol/entities/records'
import { Type } from '@sinclair/typebox'
import { MarketError } from '@openclaw-market/protocol/errors'
import { insert, operation } from '@openclaw-market/protocol/operation'
import { closed, Timestamp } from '@openclaw-market/protocol/schema/scalars'

/** A signed request is good once: its nonce is spent before it is carried out, and kept until it could not be valid any more. */
export const spendNonce = operation({
  name: 'web3.identity.spendNonce',
  summary: 'Spends the nonce of a signed request.',
  effect: 'write',
  scope: 'write',
  params: closed({ nonceKey: Type.String(), expiresAt: Timestamp }),
  result: closed({}),
  errors: ['E_AUTH_REQUIRED'],
  callers: ['wallet'],
  load: (tx, { nonceKey }) => tx.get(SpentNonces, nonceKey),
  decide(spent, { nonceKey, expiresAt }, { now }) {
    // The proof may have taken its time, and from now on the nonce may be forgotten.
    if (expiresAt <= now) {
      throw new MarketError('E_AUTH_REQUIRED', 'this signed request has expired', {
        details: { header: 'x-web3-expires', reason: 'expired' },
        hint: 'Sign each request anew, to expire at most 5 minutes ahead.',
      })
    }
    if (spent !== undefined) {
      throw new MarketError('E_AUTH_REQUIRED', 'this signed request has been used', {
        details: { header: 'x-web3-nonce', reason: 'replayed' },
        hint: 'Sign each request anew, with a nonce of its own.',
      })
    }
    return { result: {}, writes: [insert(SpentNonces, { nonceKey, dueAt: expiresAt })] }
  },
})
