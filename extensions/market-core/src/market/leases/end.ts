import { Leases, type Lease } from '@openclaw-market/protocol/entities/lease'
import { Settlements } from '@openclaw-market/protocol/entities/money'
import {
  update,
  type Changes,
  type DecideContext,
  type Movement,
  type Write,
} from '@openclaw-market/protocol/operation'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import {
  beginEnding,
  settleLease,
  type Closing,
  type Ending,
  type LeaseMoney,
} from '../../settlement/end-lease.ts'
import type { Debt } from '../../settlement/pay-debt.ts'
import { loadMoney } from '../credit/load.ts'
import { found } from '../found.ts'
import { billAccrual } from './accrue.ts'

export async function loadLease(
  tx: ReadTx,
  leaseId: string,
  mayTouch: (lease: Lease) => boolean,
): Promise<LeaseMoney> {
  const lease = await tx.get(Leases, leaseId)
  const mine = found(lease !== undefined && mayTouch(lease) ? lease : undefined, 'lease of yours', leaseId)
  return loadMoney(tx, mine)
}

export interface Ended {
  readonly closing: Closing
  readonly changes: Pick<Changes<unknown>, 'writes' | 'movements' | 'holds'>
}

/** Ends an active lease as far as it goes now. What storage has kept until this moment is billed first. */
export function end(
  before: LeaseMoney,
  ending: Ending,
  { now, ids, rules }: Pick<DecideContext, 'now' | 'ids' | 'rules'>,
): Ended {
  const accrued = billAccrual(before.lease, now, ids)
  const lease = beginEnding(accrued.lease, ending, now)
  const closing = settleLease({ ...before, lease }, rules.disputeWindowMs, now)
  const changes = closingChanges(before, closing)
  return {
    closing,
    changes: { ...changes, writes: [...accrued.writes, ...changes.writes], holds: accrued.holds },
  }
}

/** The changes of a lease and its money, whatever brought them about. */
export function closingChanges(
  before: Debt,
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
