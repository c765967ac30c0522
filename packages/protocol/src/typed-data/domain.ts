/**
 * The EIP-712 domain of everything that a wallet signs for this market, and what its typed data have in common.
 *
 * There is no `salt` and no `verifyingContract`: nothing here is verified by a contract, and a wallet shows neither in
 * words. Who is addressed (the market, or the delegate) is a field of each struct instead, so that a person sees it
 * before signing and a signature for one market is worthless at another. The escrow's vouchers have their contract's
 * own domain (escrow.ts).
 */
import { hashTypedData } from 'viem/utils'
import type { TypedDataDefinition } from 'viem'
import { MarketError } from '../errors.ts'

export type Hex = `0x${string}`

/** EIP-712 domain of a chain. Wallets refuse to sign when `chainId` is not the chain they are on. */
export interface MarketDomain {
  readonly name: 'OpenClaw Web3 Market'
  readonly version: '1'
  readonly chainId: number
}

/** EIP-712 domain of an escrow contract, which verifies what is signed in it. */
export interface EscrowDomain {
  readonly name: 'OpenClaw Market Escrow'
  readonly version: '1'
  readonly chainId: number
  readonly verifyingContract: Hex
}

/** The domain's own type. viem derives it, a wallet's eth_signTypedData_v4 wants to see it. */
export const domainType = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
] as const

/** The same of an escrow's domain. */
const escrowDomainType = [...domainType, { name: 'verifyingContract', type: 'address' }] as const

/** @throws RangeError when `chainId` is no EIP-155 chain id. */
export function marketDomain(chainId: number): MarketDomain {
  return { name: 'OpenClaw Web3 Market', version: '1', chainId: chainIdOf(chainId) }
}

/** @throws RangeError when it is no EIP-155 chain id. */
export function chainIdOf(chainId: number): number {
  if (Number.isSafeInteger(chainId) && chainId >= 1) return chainId
  throw new RangeError('a chain id is a positive safe integer')
}

/** Typed data as JSON: what eth_signTypedData_v4 takes. It has the digest of the typed data it was made from. */
export interface WalletTypedData {
  readonly domain: MarketDomain | EscrowDomain
  readonly types: Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>
  readonly primaryType: string
  /** Every value as a string; uint256 in decimal. */
  readonly message: Readonly<Record<string, string>>
}

/** What our structs look like to code that does not care which one it has. */
export interface MarketTypedData {
  readonly domain: MarketDomain | EscrowDomain
  readonly types: Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>
  readonly primaryType: string
  readonly message: Readonly<Record<string, string | bigint | number>>
}

export function walletTypedData(typed: MarketTypedData): WalletTypedData {
  return {
    domain: typed.domain,
    types: {
      EIP712Domain: 'verifyingContract' in typed.domain ? escrowDomainType : domainType,
      ...typed.types,
    },
    primaryType: typed.primaryType,
    message: Object.fromEntries(
      Object.entries(typed.message).map(([name, value]) => [name, value.toString()]),
    ),
  }
}

/** The 32 bytes that are signed: keccak256(0x1901 ‖ domain separator ‖ struct hash). */
export function typedDataDigest(typed: MarketTypedData): Hex {
  return hashTypedData(typed as TypedDataDefinition)
}

/** @throws RangeError when the number does not fit; inner values were parsed, so this is a mistake of ours. */
export function uint256(value: bigint | number): bigint {
  const wide = BigInt(value)
  if (wide < 0n || wide >= 1n << 256n) throw new RangeError('does not fit uint256')
  return wide
}

/** A SHA-256 as this project writes it (64 hex digits) as the bytes32 that is signed. */
export function bytes32(sha256: string): Hex {
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new RangeError('is not a SHA-256 in lower-case hex')
  return `0x${sha256}`
}

/**
 * A text that has one UTF-8 form. Encoders replace a lone surrogate with U+FFFD or refuse it, so two texts could share
 * a digest, or one text have a digest with viem and none with ethers.
 * @throws MarketError E_INVALID_ARGUMENT
 */
export function wellFormed(text: string, field: string): string {
  if (text.isWellFormed()) return text
  throw new MarketError('E_INVALID_ARGUMENT', `/${field}: is not well-formed Unicode`, {
    details: { pointer: `/${field}`, rule: 'format' },
    hint: `Send /${field} without lone surrogates.`,
  })
}
