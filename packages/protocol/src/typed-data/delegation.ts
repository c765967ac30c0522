/**
 * A provider's leave for a gateway's key to serve one resource over one backend and to append its usage, and nothing
 * else (DESIGN §4). `delegate` is the node wallet of the market addressed. The stored form with its signature is
 * `Delegation` in entities/resource.ts.
 */
import type { ResourceId } from '../ids.ts'
import type { ActorId } from '../schema/scalars.ts'
import { marketDomain, typedDataDigest, uint256, walletTypedData, wellFormed } from './domain.ts'
import type { Hex, MarketDomain, WalletTypedData } from './domain.ts'

export const delegationTypes = {
  Delegation: [
    { name: 'provider', type: 'address' },
    { name: 'delegate', type: 'address' },
    { name: 'resourceId', type: 'string' },
    { name: 'backend', type: 'string' },
    { name: 'expiresAt', type: 'uint256' },
  ],
} as const

export interface DelegationValues {
  readonly chainId: number
  readonly provider: ActorId
  readonly delegate: ActorId
  readonly resourceId: ResourceId
  /** The backend's name in the gateway's local config. */
  readonly backend: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

export interface DelegationTypedData {
  readonly domain: MarketDomain
  readonly types: typeof delegationTypes
  readonly primaryType: 'Delegation'
  readonly message: {
    readonly provider: ActorId
    readonly delegate: ActorId
    readonly resourceId: string
    readonly backend: string
    readonly expiresAt: bigint
  }
}

export function delegationTypedData(values: DelegationValues): DelegationTypedData {
  return {
    domain: marketDomain(values.chainId),
    types: delegationTypes,
    primaryType: 'Delegation',
    message: {
      provider: values.provider,
      delegate: values.delegate,
      resourceId: values.resourceId,
      backend: wellFormed(values.backend, 'backend'),
      expiresAt: uint256(values.expiresAt),
    },
  }
}

export function delegationDigest(values: DelegationValues): Hex {
  return typedDataDigest(delegationTypedData(values))
}

export function delegationWalletTypedData(values: DelegationValues): WalletTypedData {
  return walletTypedData(delegationTypedData(values))
}
