/**
 * What is signed for the escrow contract (contracts/src/Orders.sol): the terms of an order, whose digest is the order's id and
 * which the payer signs to have its tokens locked, and vouchers, of which each says what the payee has earned in all. Their
 * domain is the contract's own, so that a signature for one escrow, or one chain, is worthless at another.
 */
import type { ActorId } from '../schema/scalars.ts'
import { chainIdOf, typedDataDigest, uint256, walletTypedData } from './domain.ts'
import type { EscrowDomain, Hex, WalletTypedData } from './domain.ts'

export const orderTypes = {
  Order: [
    { name: 'payer', type: 'address' },
    { name: 'payee', type: 'address' },
    { name: 'token', type: 'address' },
    { name: 'amount', type: 'uint128' },
    { name: 'voucherSigner', type: 'address' },
    { name: 'expiresAt', type: 'uint64' },
    { name: 'refundableAt', type: 'uint64' },
    { name: 'arbiter', type: 'address' },
    { name: 'decisionTime', type: 'uint32' },
    { name: 'undecidedPayeeBps', type: 'uint16' },
    { name: 'ref', type: 'bytes32' },
  ],
} as const

export const voucherTypes = {
  Voucher: [
    { name: 'id', type: 'bytes32' },
    { name: 'cumulative', type: 'uint128' },
  ],
} as const

/** Where the order is kept. */
export interface EscrowPlace {
  readonly chainId: number
  readonly escrow: ActorId
}

/** An order's terms, as the contract takes them. */
export interface OrderTerms {
  readonly payer: ActorId
  readonly payee: ActorId
  /** ERC-20, or `noAddress` for the chain's own coin. */
  readonly token: ActorId
  /** Base units. */
  readonly amount: bigint
  /** `noAddress`: there are no vouchers. */
  readonly voucherSigner: ActorId
  /** Seconds since the epoch: no lock from then on. */
  readonly expiresAt: bigint
  /** Seconds since the epoch: vouchers are lost from then on. */
  readonly refundableAt: bigint
  /** `noAddress`: there are no disputes. */
  readonly arbiter: ActorId
  /** Seconds. */
  readonly decisionTime: number
  /** Hundredths of a percent. */
  readonly undecidedPayeeBps: number
  readonly ref: Hex
}

/** What stands in an order for nobody, and for the chain's own coin. */
export const noAddress = '0x0000000000000000000000000000000000000000' as ActorId

export interface VoucherValues extends EscrowPlace {
  /** The order's. */
  readonly id: Hex
  /** Base units that the payee has earned in all. */
  readonly cumulative: bigint
}

export interface OrderTypedData {
  readonly domain: EscrowDomain
  readonly types: typeof orderTypes
  readonly primaryType: 'Order'
  readonly message: { readonly [Field in keyof OrderTerms]: OrderTerms[Field] }
}

export interface VoucherTypedData {
  readonly domain: EscrowDomain
  readonly types: typeof voucherTypes
  readonly primaryType: 'Voucher'
  readonly message: { readonly id: Hex; readonly cumulative: bigint }
}

/** @throws RangeError when `chainId` is no EIP-155 chain id. */
export function escrowDomain({ chainId, escrow }: EscrowPlace): EscrowDomain {
  return {
    name: 'OpenClaw Market Escrow',
    version: '1',
    chainId: chainIdOf(chainId),
    verifyingContract: escrow,
  }
}

export function orderTypedData(place: EscrowPlace, terms: OrderTerms): OrderTypedData {
  const { payer, payee, token, voucherSigner, arbiter, decisionTime, undecidedPayeeBps, ref } = terms
  return {
    domain: escrowDomain(place),
    types: orderTypes,
    primaryType: 'Order',
    message: {
      payer,
      payee,
      token,
      amount: uint256(terms.amount),
      voucherSigner,
      expiresAt: uint256(terms.expiresAt),
      refundableAt: uint256(terms.refundableAt),
      arbiter,
      decisionTime,
      undecidedPayeeBps,
      ref,
    },
  }
}

export function voucherTypedData({ id, cumulative, ...place }: VoucherValues): VoucherTypedData {
  return {
    domain: escrowDomain(place),
    types: voucherTypes,
    primaryType: 'Voucher',
    message: { id, cumulative: uint256(cumulative) },
  }
}

/** The order's id, for ever: what the contract's `idOf` answers. */
export function orderIdOf(place: EscrowPlace, terms: OrderTerms): Hex {
  return typedDataDigest(orderTypedData(place, terms))
}

export function voucherDigest(values: VoucherValues): Hex {
  return typedDataDigest(voucherTypedData(values))
}

export function orderWalletTypedData(place: EscrowPlace, terms: OrderTerms): WalletTypedData {
  return walletTypedData(orderTypedData(place, terms))
}

export function voucherWalletTypedData(values: VoucherValues): WalletTypedData {
  return walletTypedData(voucherTypedData(values))
}
