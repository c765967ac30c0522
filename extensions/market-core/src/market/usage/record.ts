/** One line of the usage ledger, chained to the one before, and what it makes of its lease. */
import { canonicalHash } from '@openclaw-market/protocol/canonical'
import { UsageRecordSchema, type Lease, type UsageRecord } from '@openclaw-market/protocol/entities/lease'
import { toUsage } from '@openclaw-market/protocol/money/price'
import { addTotals, type UnitTotals } from '@openclaw-market/protocol/money/units'
import { codec } from '@openclaw-market/protocol/schema/codec'

export interface RecordedStep extends Pick<UsageRecord, 'ledgerId' | 'cost' | 'outcome' | 'requestId'> {
  /** What was used since the last record of the same call. */
  readonly step: UnitTotals
  readonly callId?: UsageRecord['callId']
  readonly responseHash?: string | undefined
  readonly sessionId?: string | undefined
  readonly runId?: string | undefined
}

/** The next record of a lease, and the lease with it counted. Its reserves and its calls are the caller's business. */
export function record(
  lease: Lease,
  recorded: RecordedStep,
  now: number,
): { record: UsageRecord; lease: Lease } {
  const { ledgerId, callId, step, cost, outcome, requestId, responseHash, sessionId, runId } = recorded
  const unsealed = {
    rev: 0,
    ledgerId,
    leaseId: lease.leaseId,
    ...(callId === undefined ? {} : { callId }),
    resourceId: lease.resourceId,
    providerActorId: lease.providerActorId,
    consumerActorId: lease.consumerActorId,
    seq: lease.usageSeq + 1,
    usage: toUsage(step),
    cost,
    currency: lease.currency,
    outcome,
    requestId,
    ...(responseHash === undefined ? {} : { responseHash }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(runId === undefined ? {} : { runId }),
    createdAt: now,
    ...(lease.usageHead === undefined ? {} : { previousHash: lease.usageHead }),
  }
  const entryHash = hashRecord(unsealed)
  return {
    record: { ...unsealed, entryHash },
    lease: {
      ...lease,
      metered: lease.metered + cost,
      totals: addTotals(lease.totals, step),
      usageSeq: unsealed.seq,
      usageHead: entryHash,
    },
  }
}

/** SHA-256 over the canonical JSON of the record as it is written, without `rev` and `entryHash` themselves. */
export function hashRecord(unsealed: Omit<UsageRecord, 'entryHash'>): string {
  const {
    rev: _rev,
    entryHash: _hash,
    ...hashed
  } = codec(UsageRecordSchema).encode({
    ...unsealed,
    entryHash: '',
  }) as Record<string, unknown>
  return canonicalHash(hashed)
}
