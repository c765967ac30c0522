/**
 * The money rules, in one place and pure: accounts in, accounts and transfers out, or a refusal and nothing. Debits equal
 * credits because every amount is written to both sides; no balance, hold or commitment goes below zero; a hold is
 * resolved once and posts no more than it held; nothing is drawn of a credit line beyond its ceiling.
 */
import type { Account, Transfer } from '@openclaw-market/protocol/entities/money'
import { MarketError } from '@openclaw-market/protocol/errors'
import type { IdSource } from '@openclaw-market/protocol/ids'
import type { AccountRef, HoldChange, Movement } from '@openclaw-market/protocol/operation'
import { mostAmount } from '@openclaw-market/protocol/schema/scalars'
import { accountId, balanceOf, emptyAccount, freeOf, holdsMoney } from './account.ts'

export interface Posting {
  readonly movements: readonly Movement[]
  readonly holds: readonly HoldChange[]
}

/** The accounts that a posting touches, each once. */
export function touched({ movements, holds }: Posting): readonly AccountRef[] {
  const refs = new Map<string, AccountRef>()
  for (const { debit, credit } of movements) {
    refs.set(accountId(debit), debit)
    refs.set(accountId(credit), credit)
  }
  for (const { account } of holds) refs.set(accountId(account), account)
  return [...refs.values()]
}

export interface Posted {
  readonly accounts: readonly Account[]
  readonly transfers: readonly Transfer[]
}

/**
 * Holds resolve before money moves, so that one write can post a call and release it.
 * @param existing the touched accounts that there are already, by id
 * @throws MarketError E_INSUFFICIENT_FUNDS, E_CONFLICT
 */
export function applyPosting(
  posting: Posting,
  existing: ReadonlyMap<string, Account>,
  now: number,
  ids: IdSource,
): Posted {
  const accounts = new Map<string, Account>()
  for (const ref of touched(posting)) {
    const id = accountId(ref)
    accounts.set(id, existing.get(id) ?? emptyAccount(ref))
  }
  const change = (ref: AccountRef, to: (account: Account) => Account): void => {
    const id = accountId(ref)
    const before = accounts.get(id)
    if (before === undefined) throw new Error(`account ${id} was not loaded`)
    accounts.set(id, to(before))
  }
  for (const hold of posting.holds) change(hold.account, (account) => applyHold(account, hold))
  const transfers: Transfer[] = []
  for (const movement of posting.movements) {
    if (movement.amount < 0n) throw new Error(`a transfer of ${movement.amount}`)
    if (movement.debit.currency !== movement.credit.currency) throw new Error('a transfer across currencies')
    if (accountId(movement.debit) === accountId(movement.credit))
      throw new Error('a transfer from an account to itself')
    if (movement.amount === 0n) continue
    change(movement.debit, (account) => applyDebit(account, movement))
    change(movement.credit, (account) => ({ ...account, credits: account.credits + movement.amount }))
    transfers.push(toTransfer(movement, now, ids))
  }
  for (const account of accounts.values()) assertWhole(account)
  for (const account of accounts.values()) assertCountable(account)
  return { accounts: [...accounts.values()], transfers }
}

function applyDebit(account: Account, { debit, amount, reason }: Movement): Account {
  const after = { ...account, debits: account.debits + amount }
  if (account.kind === 'credit' && balanceOf(after) > (debit.ceiling ?? 0n))
    throw beyondCeiling((debit.ceiling ?? 0n) - balanceOf(account), account.currency, amount)
  if (reason === 'release') {
    if (account.committed < amount) {
      throw new MarketError('E_CONFLICT', `only ${account.committed} of the escrow is earned`, {
        details: { committed: account.committed.toString(), asked: amount.toString() },
      })
    }
    return { ...after, committed: account.committed - amount }
  }
  if (holdsMoney(account) && freeOf(account) < amount) throw insufficient(account, amount)
  return after
}

/** @param left what could still be drawn; below zero when the ceiling has been passed already */
export function beyondCeiling(left: bigint, currency: string, asked: bigint): MarketError {
  const room = left > 0n ? left : 0n
  return new MarketError(
    'E_INSUFFICIENT_FUNDS',
    `${asked} ${currency} (base units) asked, and ${room} of the credit line is left`,
    {
      details: {
        currency,
        asked: asked.toString(),
        creditLeft: room.toString(),
        missing: (asked - room).toString(),
      },
      hint: 'Pay what you owe on the line, lease for less, end a lease that draws on it, or lease prepaid.',
    },
  )
}

function applyHold(account: Account, hold: HoldChange): Account {
  if (hold.amount < 0n) throw new Error(`a hold of ${hold.amount}`)
  if (hold.op === 'hold') {
    if (freeOf(account) < hold.amount) throw insufficient(account, hold.amount)
    return { ...account, held: account.held + hold.amount }
  }
  if (hold.posted < 0n || hold.posted > hold.amount || account.held < hold.amount) {
    throw new MarketError('E_CONFLICT', 'a hold posts at most what it held, once', {
      details: { held: hold.amount.toString(), posted: hold.posted.toString() },
    })
  }
  return { ...account, held: account.held - hold.amount, committed: account.committed + hold.posted }
}

function insufficient(account: Account, asked: bigint): MarketError {
  const free = freeOf(account)
  return new MarketError(
    'E_INSUFFICIENT_FUNDS',
    `${asked} ${account.currency} (base units) asked, ${free} available`,
    {
      details: {
        currency: account.currency,
        asked: asked.toString(),
        available: free.toString(),
        missing: (asked - free).toString(),
      },
      hint: 'Deposit the missing amount, or ask for less.',
    },
  )
}

function assertWhole(account: Account): void {
  if (balanceOf(account) < 0n || account.held < 0n || account.committed < 0n || freeOf(account) < 0n) {
    throw new Error(`account ${account.accountId} would go below zero`)
  }
}

function assertCountable(account: Account): void {
  // What an account holds is bounded, not what has ever gone through it: money that is here must always be able to move.
  if (balanceOf(account) > mostAmount) {
    throw new MarketError('E_INVALID_ARGUMENT', 'more money than the market can count', {
      details: { pointer: '/amount', rule: 'maximum' },
      hint: 'Move less at once.',
    })
  }
}

function toTransfer(movement: Movement, now: number, ids: IdSource): Transfer {
  const { debit, credit, amount, reason, reference, memo } = movement
  return {
    rev: 0,
    transferId: ids.next('xfer'),
    debitAccountId: accountId(debit),
    creditAccountId: accountId(credit),
    currency: debit.currency,
    amount,
    reason,
    reference,
    ...(debit.actorId === undefined ? {} : { fromActorId: debit.actorId }),
    ...(credit.actorId === undefined ? {} : { toActorId: credit.actorId }),
    ...(memo === undefined ? {} : { memo }),
    createdAt: now,
  }
}
