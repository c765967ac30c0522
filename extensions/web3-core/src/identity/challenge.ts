import { randomBytes } from 'node:crypto'
import { Type } from '@sinclair/typebox'
import { Challenges } from '@openclaw-market/protocol/entities/records'
import { MarketError } from '@openclaw-market/protocol/errors'
import { insert, operation } from '@openclaw-market/protocol/operation'
import { ActorId, closed, Timestamp } from '@openclaw-market/protocol/schema/scalars'
import { makeSiweMessage } from './siwe-message.ts'
import type { Site } from './site.ts'

const challengeMs = 300_000
const statement = 'Sign in to this OpenClaw market. This moves no money.'

export const challengeParams = closed({
  address: ActorId,
  chainId: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
})

/** Hands out a message to sign (EIP-4361) whose nonce can be answered once, by that wallet, for five minutes. */
export function challengeOperation(site: Site) {
  return operation({
    name: 'web3.siwe.challenge',
    summary: 'Gives a sign-in message (EIP-4361) for a wallet to sign.',
    effect: 'write',
    scope: 'write',
    params: challengeParams,
    result: closed({ message: Type.String(), nonce: Type.String(), expiresAt: Timestamp }),
    errors: [],
    callers: ['anyone', 'wallet', 'node'],
    prove: async () => randomBytes(24).toString('hex'),
    load: async () => undefined,
    decide(_state, { address, chainId = site.chainIds[0] ?? 1 }, { now, proof: nonce }) {
      if (!site.chainIds.includes(chainId)) {
        throw new MarketError(
          'E_INVALID_ARGUMENT',
          `/chainId: wallets of chain ${chainId} are not served here`,
          {
            details: { pointer: '/chainId', rule: 'enum', served: site.chainIds },
            hint: `Use one of: ${site.chainIds.join(', ')}.`,
          },
        )
      }
      const expiresAt = now + challengeMs
      const fields = { domain: site.domain, address, statement, uri: site.url, chainId, nonce, issuedAt: now }
      const message = makeSiweMessage({ ...fields, expirationTime: expiresAt })
      return {
        result: { message, nonce, expiresAt },
        subjects: [address],
        writes: [
          insert(Challenges, {
            nonce,
            address,
            chainId,
            domain: site.domain,
            issuedAt: now,
            expiresAt,
            dueAt: expiresAt,
          }),
        ],
      }
    },
  })
}
