/** One request signed by a wallet that has no session (DESIGN §4): EIP-712 over method, params, nonce and expiry. */
import { canonicalHash } from '../canonical.ts'
import { MarketError } from '../errors.ts'
import type { ActorId } from '../schema/scalars.ts'
import { bytes32, marketDomain, typedDataDigest, uint256, walletTypedData, wellFormed } from './domain.ts'
import type { Hex, MarketDomain, WalletTypedData } from './domain.ts'

export const requestTypes = {
  Request: [
    { name: 'market', type: 'address' },
    { name: 'method', type: 'string' },
    { name: 'paramsHash', type: 'bytes32' },
    { name: 'nonce', type: 'string' },
    { name: 'expiresAt', type: 'uint256' },
  ],
} as const

export interface RequestValues {
  readonly chainId: number
  /** The node wallet of the market that is addressed; another market refuses the signature. */
  readonly market: ActorId
  /** Full name, e.g. `web3.resources.lease`. */
  readonly method: string
  /** SHA-256 of the params' canonical JSON (RFC 8785), 64 hex digits: see `requestParamsHash`. */
  readonly paramsHash: string
  readonly nonce: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

export interface RequestTypedData {
  readonly domain: MarketDomain
  readonly types: typeof requestTypes
  readonly primaryType: 'Request'
  readonly message: {
    readonly market: ActorId
    readonly method: string
    readonly paramsHash: Hex
    readonly nonce: string
    readonly expiresAt: bigint
  }
}

/**
 * @param params the JSON that travels, before any decoding: both sides hash the same text.
 * @throws MarketError E_INVALID_ARGUMENT when they have no canonical form (a lone surrogate, no JSON).
 */
export function requestParamsHash(params: unknown): string {
  try {
    return canonicalHash(params)
  } catch {
    throw new MarketError('E_INVALID_ARGUMENT', 'the parameters have no canonical JSON form (RFC 8785)', {
      details: { pointer: '', rule: 'canonical' },
      hint: 'Send plain JSON: finite numbers, well-formed strings, no cycles.',
    })
  }
}

export function requestTypedData(values: RequestValues): RequestTypedData {
  return {
    domain: marketDomain(values.chainId),
    types: requestTypes,
    primaryType: 'Request',
    message: {
      market: values.market,
      method: wellFormed(values.method, 'method'),
      paramsHash: bytes32(values.paramsHash),
      nonce: wellFormed(values.nonce, 'nonce'),
      expiresAt: uint256(values.expiresAt),
    },
  }
}

export function requestDigest(values: RequestValues): Hex {
  return typedDataDigest(requestTypedData(values))
}

export function requestWalletTypedData(values: RequestValues): WalletTypedData {
  return walletTypedData(requestTypedData(values))
}
