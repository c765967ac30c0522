/** From an HTTP request to the wallet that it comes from: a session bearer, or one signed request (DESIGN §4). */
import type { Market } from '@openclaw-market/market-core'
import { Sessions } from '@openclaw-market/protocol/entities/records'
import { fromFailure, MarketError } from '@openclaw-market/protocol/errors'
import type { Principal } from '@openclaw-market/protocol/principal'
import { hashBearer, readBearer } from './bearer.ts'
import { nonceKey, readSignedRequest, verifySignedRequest, type RequestHeaders } from './signed-request.ts'
import { spendNonce } from './spend-nonce.ts'

export interface IncomingCall {
  readonly headers: RequestHeaders & { readonly authorization?: string | undefined }
  readonly method: string
  readonly params: unknown
}

/**
 * @returns `anyone` when the request claims no identity.
 * @throws MarketError E_AUTH_REQUIRED when it claims one and does not prove it.
 */
export async function authenticate(market: Market, call: IncomingCall): Promise<Principal> {
  const { authorization } = call.headers
  if (authorization !== undefined) return bySession(market, authorization)
  const request = readSignedRequest(call.headers, {
    now: market.now(),
    // A contract wallet is one on its own chain only; elsewhere its address can be anybody's.
    chainIds: [market.chainId],
  })
  if (request === undefined) return { kind: 'anyone' }
  await verifySignedRequest(request, {
    market: market.address,
    method: call.method,
    params: call.params,
    verify: ({ signature, ...rest }) =>
      market.prover.verify({ ...rest, signature: signature as `0x${string}` }),
  })
  const who: Principal = { kind: 'wallet', actorId: request.address }
  const spent = { nonceKey: nonceKey(request), expiresAt: new Date(request.expiresAt).toISOString() }
  const outcome = await market.run(spendNonce, spent, who)
  if (!outcome.ok) throw fromFailure(outcome)
  return who
}

async function bySession(market: Market, authorization: string): Promise<Principal> {
  const bearer = readBearer(authorization)
  const session =
    bearer === undefined
      ? undefined
      : await market.store.read({ as: 'market' }, (tx) => tx.find(Sessions, 'bearerHash', hashBearer(bearer)))
  if (session === undefined || session.expiresAt <= market.now()) {
    throw new MarketError('E_AUTH_REQUIRED', 'the session is unknown or over', {
      hint: 'Sign in again: {{web3.siwe.challenge}}, then {{web3.siwe.verify}}.',
    })
  }
  return { kind: 'wallet', actorId: session.actorId, sessionId: session.sessionId }
}
