/** The money rules once more, as a person would keep them on paper: signed balances, and what is promised of each. */
import { mostAmount } from '@openclaw-market/protocol/schema/scalars'
import type { AccountRef } from '@openclaw-market/protocol/operation'
import type { Posting } from '../../extensions/market-core/src/ledger/apply.ts'

export interface Page {
  in: bigint
  out: bigint
  held: bigint
  committed: bigint
}

/** 'kept', the code of a refusal, or 'defect' for what no operation may ever ask. */
export type Verdict = 'kept' | 'E_INSUFFICIENT_FUNDS' | 'E_CONFLICT' | 'E_INVALID_ARGUMENT' | 'defect'

export class Oracle {
  pages: ReadonlyMap<string, Page> = new Map()
  transfers = 0

  post({ holds, movements }: Posting): Verdict {
    const pages = new Map([...this.pages].map(([id, page]) => [id, { ...page }]))
    const page = (ref: AccountRef): Page => {
      const id = nameOf(ref)
      const at = pages.get(id) ?? { in: 0n, out: 0n, held: 0n, committed: 0n }
      pages.set(id, at)
      return at
    }
    for (const hold of holds) {
      const at = page(hold.account)
      if (hold.amount < 0n) return 'defect'
      if (hold.op === 'hold') {
        if (free(hold.account, at) < hold.amount) return 'E_INSUFFICIENT_FUNDS'
        at.held += hold.amount
      } else {
        if (hold.posted < 0n || hold.posted > hold.amount || hold.amount > at.held) return 'E_CONFLICT'
        at.held -= hold.amount
        at.committed += hold.posted
      }
    }
    let moved = 0
    for (const { debit, credit, amount, reason } of movements) {
      if (amount < 0n || debit.currency !== credit.currency || nameOf(debit) === nameOf(credit))
        return 'defect'
      const [from, to] = [page(debit), page(credit)]
      if (amount === 0n) continue
      // Lent is what has gone out of a line and not come back.
      if (debit.kind === 'credit' && from.out - from.in + amount > (debit.ceiling ?? 0n))
        return 'E_INSUFFICIENT_FUNDS'
      if (reason === 'release') {
        if (from.committed < amount) return 'E_CONFLICT'
        from.committed -= amount
      } else if (!isOwedToUs(debit) && free(debit, from) < amount) return 'E_INSUFFICIENT_FUNDS'
      from.out += amount
      to.in += amount
      moved++
    }
    const kinds = new Map(
      [
        ...movements.flatMap(({ debit, credit }) => [debit, credit]),
        ...holds.map(({ account }) => account),
      ].map((ref) => [nameOf(ref), ref]),
    )
    for (const ref of kinds.values()) if (free(ref, page(ref)) < 0n) return 'defect'
    for (const ref of kinds.values()) if (balance(ref, page(ref)) > mostAmount) return 'E_INVALID_ARGUMENT'
    this.pages = pages
    this.transfers += moved
    return 'kept'
  }
}

export function nameOf({ kind, owner, currency }: AccountRef): string {
  return [kind, owner, currency].join(':')
}

/** The world outside is what the market owes for, and a credit line what it will be paid: they are the other way round. */
function isOwedToUs({ kind }: AccountRef): boolean {
  return kind === 'outside' || kind === 'credit'
}

function balance(ref: AccountRef, page: Page): bigint {
  return isOwedToUs(ref) ? page.out - page.in : page.in - page.out
}

/** What may still be given away. */
function free(ref: AccountRef, page: Page): bigint {
  return balance(ref, page) - page.held - page.committed
}
