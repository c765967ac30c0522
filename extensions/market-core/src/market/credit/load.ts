import type { Lease } from '@openclaw-market/protocol/entities/lease'
import { Leases } from '@openclaw-market/protocol/entities/lease'
import { Accounts, CreditLines, Settlements } from '@openclaw-market/protocol/entities/money'
import type { CreditLine, Settlement } from '@openclaw-market/protocol/entities/money'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { accountId, available, balanceOf, credit, freeOf } from '../../ledger/account.ts'
import type { Credit, LeaseMoney } from '../../settlement/end-lease.ts'
import type { Debt } from '../../settlement/pay-debt.ts'
import { found } from '../found.ts'

/** The money of a lease, with what a post-paid one draws on. */
export async function loadMoney(tx: ReadTx, lease: Lease): Promise<LeaseMoney> {
  const settlement = found(await tx.get(Settlements, lease.settlementId), 'settlement', lease.settlementId)
  const { creditLineId } = settlement
  if (creditLineId === undefined) return { lease, settlement, credit: undefined }
  const line = found(await tx.get(CreditLines, creditLineId), 'credit line', creditLineId)
  return { lease, settlement, credit: await creditOf(tx, line) }
}

export async function creditOf(tx: ReadTx, line: CreditLine): Promise<Credit> {
  return { line, payable: await payableBy(tx, line.consumerActorId, line.currency) }
}

export async function payableBy(tx: ReadTx, actorId: ActorId, currency: string): Promise<bigint> {
  const account = await tx.get(Accounts, accountId(available(actorId, currency)))
  return account === undefined ? 0n : freeOf(account)
}

/** What is locked or owed on the line and not paid into it yet. */
export async function drawnOf(tx: ReadTx, line: CreditLine): Promise<bigint> {
  const account = await tx.get(Accounts, accountId(credit(line)))
  return account === undefined ? 0n : balanceOf(account)
}

/** The open line of these two in this currency: there is one at most. */
export async function openLine(
  tx: ReadTx,
  providerActorId: ActorId,
  consumerActorId: ActorId,
  currency: string,
): Promise<CreditLine | undefined> {
  const { items } = await tx.list(CreditLines, {
    where: { providerActorId, consumerActorId, status: 'credit_open' },
    filter: (line) => line.currency === currency,
    limit: 1,
  })
  return items[0]
}

/** Debts that one write pays at most; the next one goes on with those after them. */
export const mostDebts = 200

/** What is not settled on a line: what blocks new leases first, then what is owed, then what runs; each from the oldest on. */
export async function debtsOf(tx: ReadTx, { creditLineId }: CreditLine): Promise<readonly Debt[]> {
  const debts: Debt[] = []
  for (const status of ['settlement_defaulted', 'settlement_owed', 'settlement_locked'] as const) {
    const limit = mostDebts - debts.length
    if (limit === 0) break
    const { items } = await tx.list(Settlements, { where: { creditLineId, status }, order: 'oldest', limit })
    for (const settlement of items) debts.push(await debtOf(tx, settlement))
  }
  return debts
}

async function debtOf(tx: ReadTx, settlement: Settlement): Promise<Debt> {
  const { leaseId } = settlement
  return { settlement, lease: found(await tx.get(Leases, leaseId), 'lease', leaseId) }
}

/** A debt of this consumer to this provider, in any currency and on any line, that was not paid in time. */
export async function defaultOf(
  tx: ReadTx,
  payeeActorId: ActorId,
  payerActorId: ActorId,
): Promise<Settlement | undefined> {
  const where = { payeeActorId, payerActorId, status: 'settlement_defaulted' } as const
  return (await tx.list(Settlements, { where, limit: 1 })).items[0]
}
