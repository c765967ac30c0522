/** The two ways out of an escrow, prepaid and post-paid. */
import type { CreditLine, Settlement } from '@openclaw-market/protocol/entities/money'
import type { Movement } from '@openclaw-market/protocol/operation'
import { available, credit, escrow } from '../ledger/account.ts'

/** What was earned goes to the provider. Post-paid its consumer pays as much into the line first: nobody earns what nobody paid. */
export function releaseOf(
  { settlementId, currency, payerActorId, payeeActorId }: Settlement,
  amount: bigint,
  line: CreditLine | undefined,
): readonly Movement[] {
  if (amount === 0n) return []
  const release: Movement = {
    debit: escrow(settlementId, currency, payerActorId),
    credit: available(payeeActorId, currency),
    amount,
    reason: 'release',
    reference: settlementId,
  }
  if (line === undefined) return [release]
  const repay: Movement = {
    debit: available(payerActorId, currency),
    credit: credit(line),
    amount,
    reason: 'repay',
    reference: settlementId,
  }
  return [repay, release]
}

/** What was not used goes back to where it came from. */
export function refundOf(
  { settlementId, currency, payerActorId }: Settlement,
  amount: bigint,
  memo: string,
  line: CreditLine | undefined,
): readonly Movement[] {
  if (amount === 0n) return []
  return [
    {
      debit: escrow(settlementId, currency, payerActorId),
      credit: line === undefined ? available(payerActorId, currency) : credit(line),
      amount,
      reason: 'refund',
      reference: settlementId,
      memo,
    },
  ]
}
