import { Type } from '@sinclair/typebox'
import { Calls, Leases } from '@openclaw-market/protocol/entities/lease'
import { effectivePolicy } from '@openclaw-market/protocol/entities/resource'
import { MarketError } from '@openclaw-market/protocol/errors'
import { CallId, LeaseId } from '@openclaw-market/protocol/ids'
import { insert, operation, update } from '@openclaw-market/protocol/operation'
import { Amount, closed, RequestId, Sha256Hex } from '@openclaw-market/protocol/schema/scalars'
import { escrow } from '../../ledger/account.ts'
import { found } from '../found.ts'
import { mayServe } from './serve.ts'

/**
 * Opens a call durably and holds its reserve (DESIGN §8.4). The serving side has admitted it in memory already; this is
 * what a crash cannot forget, and the last word: a lease that ended in between is refused here.
 */
export const openCall = operation({
  name: 'market.call.open',
  summary: 'Opens a leased call: holds the most that it may cost.',
  effect: 'money',
  scope: 'admin',
  params: closed({
    callId: CallId,
    leaseId: LeaseId,
    requestId: RequestId,
    bodyHash: Sha256Hex,
    reserve: Amount,
  }),
  result: closed({ callId: CallId, seq: Type.Integer() }),
  errors: [
    'E_NOT_FOUND',
    'E_FORBIDDEN',
    'E_CONFLICT',
    'E_EXPIRED',
    'E_REVOKED',
    'E_QUOTA_EXCEEDED',
    'E_RATE_LIMITED',
    'E_INSUFFICIENT_FUNDS',
  ],
  callers: ['node', 'wallet', 'operator'],
  async load(tx, { leaseId, requestId }, { who, rules, now }) {
    const lease = await tx.get(Leases, leaseId)
    const served = lease !== undefined && mayServe(lease, who, rules, now) ? lease : undefined
    return {
      lease: found(served, 'lease that you serve', leaseId),
      earlier: await tx.find(Calls, 'requestKey', `${leaseId}/${requestId}`),
    }
  },
  decide({ lease, earlier }, { callId, leaseId, requestId, bodyHash, reserve }, { now }) {
    if (earlier !== undefined) throw sameRequest(earlier.bodyHash === bodyHash)
    assertOpen(lease, now)
    assertWithin(lease, reserve)
    const { maxConcurrent } = effectivePolicy(lease.policy)
    if (lease.openCalls >= maxConcurrent) throw tooMany(maxConcurrent)
    const seq = lease.callSeq + 1
    return {
      result: { callId, seq },
      subjects: [leaseId, callId],
      writes: [
        insert(Calls, {
          callId,
          leaseId,
          resourceId: lease.resourceId,
          providerActorId: lease.providerActorId,
          consumerActorId: lease.consumerActorId,
          seq,
          requestId,
          requestKey: `${leaseId}/${requestId}`,
          bodyHash,
          reserved: reserve,
          checkpoint: {},
          status: 'call_open',
          billed: 0n,
          usage: {},
          openedAt: now,
        }),
        update(Leases, {
          ...lease,
          callSeq: seq,
          openCalls: lease.openCalls + 1,
          reserved: lease.reserved + reserve,
        }),
      ],
      holds: [
        {
          op: 'hold',
          account: escrow(lease.settlementId, lease.currency, lease.consumerActorId),
          amount: reserve,
        },
      ],
    }
  },
})

interface Admissible {
  readonly status: string
  readonly endReason?: string
  readonly expiresAt: number
  readonly maxCost: bigint
  readonly metered: bigint
  readonly reserved: bigint
}

/** @throws MarketError E_EXPIRED, E_REVOKED */
export function assertOpen({ status, endReason, expiresAt }: Admissible, now: number): void {
  if (status === 'lease_active' && now < expiresAt) return
  // While its open calls drain, a revoked lease is still `lease_ending`.
  if (endReason === 'revoked')
    throw new MarketError('E_REVOKED', 'the lease was revoked', { hint: 'Take a new lease.' })
  throw new MarketError('E_EXPIRED', 'the lease has ended', { hint: 'Take a new lease.' })
}

/** @throws MarketError E_QUOTA_EXCEEDED when what is left of the lock does not cover the reserve. */
export function assertWithin(
  { maxCost, metered, reserved }: Admissible,
  reserve: bigint,
  pending = 0n,
): void {
  const left = maxCost - metered - reserved - pending
  if (reserve <= left) return
  throw new MarketError('E_QUOTA_EXCEEDED', `the call may cost ${reserve} and the lease has ${left} left`, {
    details: { remaining: left.toString(), needed: reserve.toString() },
    hint: 'Ask for less in one call, or take a new lease with a larger maxCost.',
  })
}

export function tooMany(maxConcurrent: number): MarketError {
  return new MarketError('E_RATE_LIMITED', `the lease allows ${maxConcurrent} calls at a time`, {
    details: { maxConcurrent, retryAfterSeconds: 1 },
    hint: 'Wait until a call has ended.',
  })
}

export function sameRequest(sameBody: boolean): MarketError {
  return sameBody
    ? new MarketError('E_CONFLICT', 'this request id has been executed and its answer is not kept any more', {
        details: { rule: 'answer-gone' },
        hint: 'It was billed once and is not executed again. For a new execution use a new request id.',
      })
    : new MarketError('E_CONFLICT', 'this request id was used with another body', {
        details: { rule: 'other-body' },
        hint: 'Use a new request id for a new request.',
      })
}
