import { Type } from '@sinclair/typebox'
import { Challenges, Sessions } from '@openclaw-market/protocol/entities/records'
import { isMarketError, MarketError } from '@openclaw-market/protocol/errors'
import { SessionId } from '@openclaw-market/protocol/ids'
import { insert, operation, remove, type Prover } from '@openclaw-market/protocol/operation'
import { ActorId, closed, Signature, Timestamp } from '@openclaw-market/protocol/schema/scalars'
import { newBearer, type NewBearer } from './bearer.ts'
import { checkSiwe, parseSiweMessage, type SiweFields } from './siwe-message.ts'
import type { Site } from './site.ts'

const sessionMs = 3_600_000

export const signInParams = closed({
  message: Type.String({
    minLength: 1,
    maxLength: 4096,
    description: 'the message of the challenge, unchanged',
  }),
  signature: Signature,
})

/** Turns a signed challenge into a session. The challenge is spent by it; the bearer is said once and kept as a hash. */
export function signInOperation(site: Site) {
  return operation({
    name: 'web3.siwe.verify',
    summary: 'Signs in with a signed challenge and gives a session bearer, once.',
    effect: 'write',
    scope: 'write',
    params: signInParams,
    result: closed({
      address: ActorId,
      sessionId: SessionId,
      session: Type.String({ description: 'the bearer, for Authorization: Bearer …; shown this once' }),
      expiresAt: Timestamp,
    }),
    errors: ['E_AUTH_REQUIRED'],
    callers: ['anyone', 'wallet', 'node'],
    prove: (_read, { message, signature }, _context, prover) => proveWallet(message, signature, prover),
    load: (tx, _params, { proof }) => tx.get(Challenges, proof.fields.nonce),
    decide(challenge, _params, { now, ids, proof: { fields, bearer } }) {
      if (challenge === undefined) throw refused('this challenge was not given here, or is answered, or over')
      const problems = checkSiwe(fields, {
        domain: site.domain,
        uri: site.url,
        address: challenge.address,
        chainIds: [challenge.chainId],
        nonce: challenge.nonce,
        now,
      })
      if (problems.length > 0 || now >= challenge.expiresAt) {
        throw refused(`the message cannot be accepted: ${problems.join(', ') || 'expired'}`)
      }
      const sessionId = ids.next('ses')
      const expiresAt = now + sessionMs
      return {
        result: { address: fields.address, sessionId, session: bearer.bearer, expiresAt },
        subjects: [sessionId, fields.address],
        writes: [
          remove(Challenges, challenge.nonce),
          insert(Sessions, {
            sessionId,
            bearerHash: bearer.bearerHash,
            actorId: fields.address,
            chainId: fields.chainId,
            createdAt: now,
            expiresAt,
            dueAt: expiresAt,
          }),
        ],
      }
    },
  })
}

async function proveWallet(
  message: string,
  signature: `0x${string}`,
  prover: Prover,
): Promise<{ fields: SiweFields; bearer: NewBearer }> {
  const fields = parse(message)
  const { address, chainId } = fields
  if (!(await prover.verifyMessage({ address, chainId, signature, message }))) {
    throw refused("the signature is not that wallet's over this message")
  }
  return { fields, bearer: newBearer() }
}

/** Whatever is wrong with a sign-in message, it proves nobody. */
function parse(message: string): SiweFields {
  try {
    return parseSiweMessage(message)
  } catch (error) {
    throw refused(isMarketError(error) ? error.message : 'it is not an EIP-4361 message')
  }
}

function refused(reason: string): MarketError {
  return new MarketError('E_AUTH_REQUIRED', `sign-in refused: ${reason}`, {
    hint: 'Ask for a new challenge, sign exactly its message with the same wallet, and answer within five minutes.',
  })
}
