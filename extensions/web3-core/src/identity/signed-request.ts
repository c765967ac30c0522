/**
 * A request that an outside wallet signs by itself, without a session (DESIGN §4): its headers, their bounds, and the
 * check of the signature over market, method, params, nonce and expiry (EIP-712, protocol/typed-data/signed-request).
 * The nonce is spent by whoever writes to the store, under `nonceKey`, until `expiresAt`.
 */
import { MarketError } from '@openclaw-market/protocol/errors'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId, Timestamp } from '@openclaw-market/protocol/schema/scalars'
import { requestParamsHash, requestTypedData } from '@openclaw-market/protocol/typed-data/signed-request'
import type { RequestTypedData } from '@openclaw-market/protocol/typed-data/signed-request'

export const signedRequestHeaders = [
  'x-web3-address',
  'x-web3-nonce',
  'x-web3-expires',
  'x-web3-signature',
  'x-web3-chain-id',
] as const
export type SignedRequestHeader = (typeof signedRequestHeaders)[number]

/** As Node gives them: lower-case names; several of one name come joined by a comma, or as an array. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

export interface SignedRequest {
  readonly address: ActorId
  readonly nonce: string
  readonly expiresAt: number
  readonly signature: string
  readonly chainId: number
}

/** How far ahead a request may expire: it bounds how long its nonce must be remembered. */
export const maxLifetimeMs = 300_000

/** 0x and 4096 bytes, the most that the verifier reads. */
const signatureForm = /^0x(?:[0-9a-fA-F]{2}){1,4096}$/

export interface ReadOptions {
  readonly now: number
  /** The chains whose requests are taken; absent: any, since a plain key needs no chain. */
  readonly chainIds?: readonly number[]
}

/**
 * @returns undefined when none of the headers is there: the request is not a signed one.
 * @throws MarketError E_AUTH_REQUIRED, `details: { header, reason }`, when one is missing, malformed or out of bounds.
 */
export function readSignedRequest(
  headers: RequestHeaders,
  { now, chainIds }: ReadOptions,
): SignedRequest | undefined {
  if (signedRequestHeaders.every((name) => headers[name] === undefined)) return undefined
  const address = one(headers, 'x-web3-address')
  if (codec(ActorId).problem(address) !== undefined) throw refused('x-web3-address', 'format')
  const nonce = one(headers, 'x-web3-nonce')
  if (!/^[A-Za-z0-9_-]{16,64}$/.test(nonce)) throw refused('x-web3-nonce', 'format')
  const expires = one(headers, 'x-web3-expires')
  if (codec(Timestamp).problem(expires) !== undefined) throw refused('x-web3-expires', 'format')
  const expiresAt = codec(Timestamp).decode(expires)
  if (expiresAt <= now) throw refused('x-web3-expires', 'expired')
  if (expiresAt > now + maxLifetimeMs) throw refused('x-web3-expires', 'too-far-ahead')
  const chain = one(headers, 'x-web3-chain-id')
  const chainId = /^[1-9][0-9]{0,15}$/.test(chain) ? Number(chain) : Number.NaN
  if (!Number.isSafeInteger(chainId)) throw refused('x-web3-chain-id', 'format')
  if (chainIds !== undefined && !chainIds.includes(chainId)) throw refused('x-web3-chain-id', 'not-served')
  const signature = one(headers, 'x-web3-signature')
  if (!signatureForm.test(signature)) throw refused('x-web3-signature', 'format')
  return { address: codec(ActorId).decode(address), nonce, expiresAt, signature, chainId }
}

/** market-core's `verifySignature` with its chains filled in. */
export type VerifyTypedData = (parameters: {
  readonly address: ActorId
  readonly typedData: RequestTypedData
  readonly signature: string
  readonly chainId: number
}) => Promise<boolean>

export interface SignedContent {
  /** This market's node wallet. */
  readonly market: ActorId
  readonly method: string
  /** The params as they came, before any decoding. */
  readonly params: unknown
  readonly verify: VerifyTypedData
}

/** @throws MarketError E_AUTH_REQUIRED when the address did not sign exactly this; what `verify` throws. */
export async function verifySignedRequest(request: SignedRequest, content: SignedContent): Promise<void> {
  const { address, nonce, expiresAt, signature, chainId } = request
  const paramsHash = requestParamsHash(content.params)
  const typedData = requestTypedData({
    chainId,
    market: content.market,
    method: content.method,
    paramsHash,
    nonce,
    expiresAt,
  })
  if (!(await content.verify({ address, typedData, signature, chainId })))
    throw refused('x-web3-signature', 'wrong')
}

/** Under which the nonce is spent. By address, so that nobody can spend another's. */
export function nonceKey({ address, nonce }: Pick<SignedRequest, 'address' | 'nonce'>): string {
  return `${address}/${nonce}`
}

function one(headers: RequestHeaders, name: SignedRequestHeader): string {
  const value = headers[name]
  if (value === undefined) throw refused(name, 'missing')
  if (typeof value !== 'string') throw refused(name, 'repeated')
  return value
}

const hints: Readonly<Record<SignedRequestHeader, string>> = {
  'x-web3-address': 'Send the address that signs, 0x and 40 hex digits (EIP-55 when it has mixed case).',
  'x-web3-nonce': 'Send 16 to 64 of letters, digits, _ and -, fresh for every request.',
  'x-web3-expires':
    'Send a time at most 5 minutes ahead, ISO 8601 UTC, the one that was signed; check your clock.',
  'x-web3-signature':
    'Sign the EIP-712 Request over this market, the method, the SHA-256 of the canonical JSON of the params, the nonce and the expiry. A contract wallet needs a chain that this market has an RPC for.',
  'x-web3-chain-id':
    'Send the decimal chain id of the EIP-712 domain that was signed, one that this market serves.',
}

function refused(header: SignedRequestHeader, reason: string): MarketError {
  return new MarketError(
    'E_AUTH_REQUIRED',
    `the signed request is not accepted: ${header} is ${reason === 'format' ? 'malformed' : reason}`,
    {
      details: { header, reason },
      hint: hints[header],
    },
  )
}
