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
  decide(spent, { nonceKey, expiresAt }) {
    if (spent !== undefined) {
      throw new MarketError('E_AUTH_REQUIRED', 'this signed request has been used', {
        details: { header: 'x-web3-nonce', reason: 'replayed' },
        hint: 'Sign each request anew, with a nonce of its own.',
      })
    }
    return { result: {}, writes: [insert(SpentNonces, { nonceKey, dueAt: expiresAt })] }
  },
})
