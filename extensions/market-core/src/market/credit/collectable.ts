import { Settlements, type Settlement } from '@openclaw-market/protocol/entities/money'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import { every } from '../every.ts'
import { payableBy } from './load.ts'

/** Owed settlements, defaulted ones first, that can be paid now or whose time is over: at most `limit`, the oldest. */
export async function collectable(tx: ReadTx, now: number, limit: number): Promise<readonly Settlement[]> {
  const due: Settlement[] = []
  for (const status of ['settlement_defaulted', 'settlement_owed'] as const) {
    for await (const settlement of every(tx, Settlements, { where: { status }, order: 'oldest' })) {
      if (due.length === limit) return due
      const { locked, releasedSoFar, refundedSoFar, payerActorId, currency, dueAt } = settlement
      const owed = locked - releasedSoFar - refundedSoFar
      if ((dueAt !== undefined && dueAt <= now) || owed <= (await payableBy(tx, payerActorId, currency)))
        due.push(settlement)
    }
  }
  return due
}
