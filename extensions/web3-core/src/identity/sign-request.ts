/** The client's side of signed requests: acting on another market as this gateway's node wallet (DESIGN §4). */
import { randomBytes } from 'node:crypto'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { requestParamsHash, requestTypedData } from '@openclaw-market/protocol/typed-data/signed-request'
import type { RequestTypedData } from '@openclaw-market/protocol/typed-data/signed-request'
import { maxLifetimeMs } from './signed-request.ts'
import type { SignedRequestHeader } from './signed-request.ts'

/** The node wallet is one. */
export interface RequestSigner {
  readonly address: ActorId
  signTypedData(typed: RequestTypedData): Promise<`0x${string}`>
}

export interface RequestToSign {
  readonly signer: RequestSigner
  /** The node wallet of the market that is addressed. */
  readonly market: ActorId
  readonly method: string
  /** The JSON that is sent as the params, unchanged. */
  readonly params: unknown
  readonly chainId: number
  readonly now: number
  /** How long the request may travel; short, and at most what a market takes. */
  readonly lifetimeMs?: number
}

const usualLifetimeMs = 60_000

/** The headers of one request. Each call has a nonce of its own: to send a request again, sign it again. */
export async function signRequest(
  request: RequestToSign,
): Promise<Readonly<Record<SignedRequestHeader, string>>> {
  const { signer, market, method, chainId } = request
  const expiresAt = request.now + Math.min(request.lifetimeMs ?? usualLifetimeMs, maxLifetimeMs)
  const nonce = randomBytes(24).toString('base64url')
  const paramsHash = requestParamsHash(request.params)
  const typed = requestTypedData({ chainId, market, method, paramsHash, nonce, expiresAt })
  return {
    'x-web3-address': signer.address,
    'x-web3-nonce': nonce,
    'x-web3-expires': new Date(expiresAt).toISOString(),
    'x-web3-signature': await signer.signTypedData(typed),
    'x-web3-chain-id': String(chainId),
  }
}
