import { Leases, type Lease } from '@openclaw-market/protocol/entities/lease'
import { Settlements, type Settlement } from '@openclaw-market/protocol/entities/money'
import {
  update,
  type Changes,
  type DecideContext,
  type Movement,
  type Write,
} from '@openclaw-market/protocol/operation'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import { beginEnding, settleLease, type Closing, type Ending } from '../../settlement/end-lease.ts'
import { found } from '../found.ts'
import { billAccrual } from './accrue.ts'

export interface LeaseAndMoney {
  readonly lease: Lease
  readonly settlement: Settlement
}

export async function loadLease(
  tx: ReadTx,
  leaseId: string,
  mayTouch: (lease: Lease) => boolean,
): Promise<LeaseAndMoney> {
  const lease = await tx.get(Leases, leaseId)
  const mine = found(lease !== undefined && mayTouch(lease) ? lease : undefined, 'lease of yours', leaseId)
  return {
    lease: mine,
    settlement: found(await tx.get(Settlements, mine.settlementId), 'settlement', mine.settlementId),
  }
}

export interface Ended {
  readonly closing: Closing
  readonly changes: Pick<Changes<unknown>, 'writes' | 'movements' | 'holds'>
}

/** Ends an active lease as far as it goes now. What storage has kept until this moment is billed first. */
export function end(
  before: LeaseAndMoney,
  ending: Ending,
  { now, ids, rules }: Pick<DecideContext, 'now' | 'ids' | 'rules'>,
): Ended {
  const accrued = billAccrual(before.lease, now, ids)
  const lease = beginEnding(accrued.lease, ending, now)
  const closing = settleLease(lease, before.settlement, rules.disputeWindowMs, now)
  const changes = closingChanges(before, closing)
  return {
    closing,
    changes: { ...changes, writes: [...accrued.writes, ...changes.writes], holds: accrued.holds },
  }
}

/** The changes of a lease and its money, whatever brought them about. */
export function closingChanges(
  before: LeaseAndMoney,
  closing: Closing,
): { writes: readonly Write[]; movements: readonly Movement[] } {
  return {
    writes: [
      ...(closing.lease === before.lease ? [] : [update(Leases, closing.lease)]),
      ...(closing.settlement === before.settlement ? [] : [update(Settlements, closing.settlement)]),
    ],
    movements: closing.movements,
  }
}
