/** Accounts: what one holds, which side is normal, and the rule that none goes below zero (DESIGN §5). */
import type { Account, AccountKind, CreditLine } from '@openclaw-market/protocol/entities/money'
import type { AccountRef } from '@openclaw-market/protocol/operation'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'

export function accountId(ref: AccountRef): string {
  return `${ref.kind}:${ref.owner}:${ref.currency}`
}

export function emptyAccount(ref: AccountRef): Account {
  return {
    rev: 0,
    accountId: accountId(ref),
    kind: ref.kind,
    ...(ref.actorId === undefined ? {} : { actorId: ref.actorId }),
    ...(ref.debtorActorId === undefined ? {} : { debtorActorId: ref.debtorActorId }),
    currency: ref.currency,
    debits: 0n,
    credits: 0n,
    held: 0n,
    committed: 0n,
  }
}

/** What came from outside and what is lent are debits; every other account is what the market owes someone. */
const normalSide: Readonly<Record<AccountKind, 'credit' | 'debit'>> = {
  available: 'credit',
  escrow: 'credit',
  payout: 'credit',
  credit: 'debit',
  outside: 'debit',
}

export function balanceOf(account: Account): bigint {
  return normalSide[account.kind] === 'credit'
    ? account.credits - account.debits
    : account.debits - account.credits
}

/** A debit from it takes something out; from the others it brings something in, or lends it. */
export function holdsMoney({ kind }: Account): boolean {
  return normalSide[kind] === 'credit'
}

/** What is neither held for a call nor committed to a release. */
export function freeOf(account: Account): bigint {
  return balanceOf(account) - account.held - account.committed
}

export function available(actorId: ActorId, currency: string): AccountRef {
  return { kind: 'available', owner: actorId, currency, actorId }
}

/** Owned, until it is released, by whoever locked it. */
export function escrow(settlementId: string, currency: string, payer: ActorId): AccountRef {
  return { kind: 'escrow', owner: settlementId, currency, actorId: payer }
}

export function payout(payoutId: string, currency: string, actorId: ActorId): AccountRef {
  return { kind: 'payout', owner: payoutId, currency, actorId }
}

/** What operators have let in and not yet paid out. One account a currency, so that more can never leave than came. */
export function outside(currency: string): AccountRef {
  return { kind: 'outside', owner: 'operator', currency }
}

/** What one consumer has drawn of what its provider lends. Its balance is never above the ceiling after something was drawn. */
export function credit(line: CreditLine): AccountRef {
  return {
    kind: 'credit',
    owner: line.creditLineId,
    currency: line.currency,
    actorId: line.providerActorId,
    debtorActorId: line.consumerActorId,
    ceiling: line.ceiling,
  }
}
