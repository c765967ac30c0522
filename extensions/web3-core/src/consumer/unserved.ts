/**
 * What a lease did not serve. The owner's own backend may take its place only where surely nothing happened: a put whose
 * answer was lost may have been done, and would then be done twice.
 */
import { isMarketError, type MarketError } from '@openclaw-market/protocol/errors'
import type { LeaseId } from '@openclaw-market/protocol/ids'
import type { ResourceKind } from '@openclaw-market/protocol/money/units'
import type { Call } from '../capabilities/capability.ts'
import { callLease, usableLeases, type LeaseAnswer, type LeaseCall } from './call-lease.ts'
import { noLease } from './no-lease.ts'
import type { WhyLocal } from './receipt.ts'

export interface Unserved {
  readonly why: WhyLocal
  /** What the caller hears when nothing else serves either. */
  readonly error: MarketError
}

/**
 * Through the best lease of this kind, or the next one while nothing has happened. A lease that the caller names is the
 * only one that is meant: what becomes of it is thrown.
 */
export async function throughLease(
  call: Call,
  kind: ResourceKind,
  named: LeaseId | undefined,
  request: LeaseCall,
): Promise<LeaseAnswer | Unserved> {
  const leases = leasesFor(call, kind, named)
  if ('why' in leases) return leases
  try {
    return await callLease(call, leases, request)
  } catch (error) {
    const why = named === undefined && isMarketError(error) ? whyNot(error) : undefined
    if (why === undefined || !isMarketError(error)) throw error
    return { why, error }
  }
}

/** The leases that may serve, or why there are none. @throws MarketError when the one that is named is not among them */
function leasesFor(
  { web3 }: Call,
  kind: ResourceKind,
  named: LeaseId | undefined,
): readonly LeaseAnswer['entry'][] | Unserved {
  try {
    const leases = usableLeases(web3, kind, named)
    return leases.length === 0 ? { why: 'no-lease', error: noLease(kind) } : leases
  } catch (error) {
    const closed =
      isMarketError(error) && (error.code === 'E_UNAVAILABLE' || error.code === 'E_NOT_CONFIGURED')
    if (named !== undefined || !closed) throw error
    return { why: 'vault-closed', error }
  }
}

/** By the promise of its code nothing happened; undefined where that is not sure, or not about the lease. */
function whyNot({ code, details }: MarketError): WhyLocal | undefined {
  // What an allowance refuses says nothing of the lease.
  if (details?.['allowanceId'] !== undefined) return undefined
  switch (code) {
    case 'E_UNAVAILABLE':
      return 'not-reached'
    case 'E_EXPIRED':
    case 'E_REVOKED':
    case 'E_QUOTA_EXCEEDED':
      return 'lease-over'
    default:
      return undefined
  }
}
