/** Every movement goes the way that its reason says, and belongs to something that is on record. */
import {
  CreditLines,
  Deposits,
  Payouts,
  Settlements,
  Transfers,
  type Transfer,
  type TransferReason,
} from '@openclaw-market/protocol/entities/money'
import type { AccountRef } from '@openclaw-market/protocol/operation'
import { accountId, available, credit, escrow, outside, payout } from '../../ledger/account.ts'
import type { Books } from './books.ts'
import { all, rules, same } from './findings.ts'

/** Both sides of one account. */
export interface Sides {
  debits: bigint
  credits: bigint
}

/** What the transfers of one settlement, deposit or payout come to, by reason. */
export type Moved = { [R in TransferReason]?: bigint } & { count: number }

/** All transfers again: what accounts and references must agree with. */
export interface Replay {
  readonly accounts: Map<string, Sides>
  readonly references: Map<string, Moved>
}

interface Way {
  readonly debit: AccountRef
  readonly credit: AccountRef
}

interface TransferFacts {
  readonly transfer: Transfer
  /** Undefined when what it refers to is not there. */
  readonly way: Way | undefined
}

const transferRules = rules<TransferFacts>({
  'transfer.amount': ({ transfer }) => transfer.amount > 0n || 'moves nothing',
  'transfer.reference': ({ transfer, way }) =>
    way !== undefined || `there is nothing to ${transfer.reason} under ${transfer.reference}`,
  'transfer.way': ({ transfer, way }) =>
    way === undefined ||
    all(
      same('debitAccountId', transfer.debitAccountId, accountId(way.debit)),
      same('creditAccountId', transfer.creditAccountId, accountId(way.credit)),
      same('currency', transfer.currency, way.debit.currency),
    ),
  'transfer.parties': ({ transfer, way }) =>
    way === undefined ||
    all(
      same('fromActorId', transfer.fromActorId, way.debit.actorId),
      same('toActorId', transfer.toActorId, way.credit.actorId),
    ),
  // An operator's grant is this market's own promise: it must say so.
  'transfer.grant': ({ transfer }) =>
    transfer.reason !== 'deposit' ||
    transfer.memo?.startsWith('operator grant: ') === true ||
    'is not marked as an operator grant',
})

export async function checkTransfers(books: Books): Promise<Replay> {
  const replay: Replay = { accounts: new Map(), references: new Map() }
  await books.each(Transfers, async (transfer) => {
    const { debitAccountId, creditAccountId, amount, reason, reference } = transfer
    sidesOf(replay, debitAccountId).debits += amount
    sidesOf(replay, creditAccountId).credits += amount
    let moved = replay.references.get(reference)
    if (moved === undefined) replay.references.set(reference, (moved = { count: 0 }))
    moved[reason] = (moved[reason] ?? 0n) + amount
    moved.count++
    books.findings.apply(transferRules, transfer.transferId, {
      transfer,
      way: await wayOf(books, transfer),
    })
  })
  return replay
}

function sidesOf({ accounts }: Replay, id: string): Sides {
  let sides = accounts.get(id)
  if (sides === undefined) accounts.set(id, (sides = { debits: 0n, credits: 0n }))
  return sides
}

/** Between which accounts a transfer of this reason goes, by what it refers to. */
async function wayOf(books: Books, { reason, reference }: Transfer): Promise<Way | undefined> {
  switch (reason) {
    case 'deposit': {
      const deposit = await books.get(Deposits, reference)
      if (deposit === undefined) return undefined
      return { debit: outside(deposit.currency), credit: available(deposit.actorId, deposit.currency) }
    }
    case 'lock':
    case 'release':
    case 'refund':
    case 'repay': {
      const settlement = await books.get(Settlements, reference)
      if (settlement === undefined) return undefined
      const { settlementId, currency, payerActorId, payeeActorId } = settlement
      const locked = escrow(settlementId, currency, payerActorId)
      const payer = available(payerActorId, currency)
      if (reason === 'release') return { debit: locked, credit: available(payeeActorId, currency) }
      const { creditLineId } = settlement
      const line = creditLineId === undefined ? undefined : await books.get(CreditLines, creditLineId)
      if (line === undefined && (creditLineId !== undefined || reason === 'repay')) return undefined
      const source = line === undefined ? payer : credit(line)
      if (reason === 'repay') return { debit: payer, credit: source }
      return reason === 'lock' ? { debit: source, credit: locked } : { debit: locked, credit: source }
    }
    case 'withdraw':
    case 'payout_paid':
    case 'payout_returned': {
      const paying = await books.get(Payouts, reference)
      if (paying === undefined) return undefined
      const { payoutId, currency, actorId } = paying
      const out = payout(payoutId, currency, actorId)
      if (reason === 'withdraw') return { debit: available(actorId, currency), credit: out }
      return {
        debit: out,
        credit: reason === 'payout_paid' ? outside(currency) : available(actorId, currency),
      }
    }
  }
}
