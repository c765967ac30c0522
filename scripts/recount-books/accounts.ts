/** Double entry, counted again: accounts are what their transfers make them, and nothing else. */
import type { Findings } from './findings.ts'
import { amount, optionalText, text, type RawRecord } from './raw-record.ts'
import type { RawStore } from './raw-store.ts'

/** Decimal strings of base units. */
export interface CurrencyTotals {
  readonly debits: string
  readonly credits: string
  /** What operators have granted. */
  readonly deposited: string
  /** What has left the market. */
  readonly paidOut: string
  readonly available: string
  readonly escrow: string
  readonly payouts: string
  /** Locked or owed on credit lines. */
  readonly lent: string
}

export interface Transfer {
  readonly id: string
  readonly debit: string
  readonly credit: string
  readonly amount: bigint
  readonly reason: string
  /** The settlement, deposit or payout that it belongs to. */
  readonly reference: string
}

export interface RecountedAccounts {
  readonly totals: Readonly<Record<string, CurrencyTotals>>
  readonly transfers: readonly Transfer[]
  /** By the replay; zero for an account that no transfer names. */
  balance(accountId: string): bigint
}

export function recountAccounts(store: RawStore, findings: Findings): RecountedAccounts {
  const transfers = store.all('transfer').map((each) => readTransfer(each, findings))
  const debits = sums(transfers, ({ debit }) => debit)
  const credits = sums(transfers, ({ credit }) => credit)
  const balance = (id: string): bigint => {
    const value = (credits.get(id) ?? 0n) - (debits.get(id) ?? 0n)
    // What came from outside and what is lent stand in debits; every other account is what the market owes someone.
    return ['outside', 'credit'].includes(kindOf(id)) ? -value : value
  }
  const ids = new Set<string>()
  for (const account of store.all('account')) {
    const id = text(account, 'accountId')
    ids.add(id)
    findings.same(`debits of ${id}`, amount(account, 'debits'), debits.get(id) ?? 0n)
    findings.same(`credits of ${id}`, amount(account, 'credits'), credits.get(id) ?? 0n)
    findings.same(`currency of ${id}`, text(account, 'currency'), currencyOf(id))
    const promised = amount(account, 'held') + amount(account, 'committed')
    findings.holds(balance(id) >= promised, `${id} promises ${promised} and has ${balance(id)}`)
    if (kindOf(id) !== 'escrow') findings.same(`held and committed of ${id}`, promised, 0n)
  }
  for (const id of [...debits.keys(), ...credits.keys()]) {
    findings.holds(ids.has(id), `a transfer names ${id}, and there is no such account`)
  }
  const totals = Object.fromEntries(
    [...new Set([...ids].map(currencyOf))].toSorted().map((currency) => {
      const own = [...ids].filter((id) => currencyOf(id) === currency)
      return [currency, totalsOf(store, currency, own, { debits, credits, balance }, findings)]
    }),
  )
  return { totals, transfers, balance }
}

interface Sides {
  readonly debits: ReadonlyMap<string, bigint>
  readonly credits: ReadonlyMap<string, bigint>
  readonly balance: (id: string) => bigint
}

function totalsOf(
  store: RawStore,
  currency: string,
  ids: readonly string[],
  { debits, credits, balance }: Sides,
  findings: Findings,
): CurrencyTotals {
  const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n)
  const ofKind = (kind: string): bigint => sum(ids.filter((id) => kindOf(id) === kind).map(balance))
  const stated = store.all('account').filter((each) => text(each, 'currency') === currency)
  const debited = sum(stated.map((account) => amount(account, 'debits')))
  const credited = sum(stated.map((account) => amount(account, 'credits')))
  findings.same(`debits in ${currency}, against credits`, debited, credited)
  findings.same(
    `debits in ${currency}, against the replay`,
    debited,
    sum(ids.map((id) => debits.get(id) ?? 0n)),
  )
  findings.same(
    `credits in ${currency}, against the replay`,
    credited,
    sum(ids.map((id) => credits.get(id) ?? 0n)),
  )
  const inCurrency = (each: RawRecord): boolean => text(each, 'currency') === currency
  const deposited = sum(
    store
      .all('deposit')
      .filter(inCurrency)
      .map((each) => amount(each, 'amount')),
  )
  const paid = store
    .all('payout')
    .filter((each) => inCurrency(each) && text(each, 'status') === 'payout_paid')
  const paidOut = sum(paid.map((each) => amount(each, 'amount')))
  findings.same(`${currency} that came in and is here`, ofKind('outside'), deposited - paidOut)
  const inside = ofKind('available') + ofKind('escrow') + ofKind('payout')
  const lent = ofKind('credit')
  findings.same(`${currency} that the market owes`, inside, ofKind('outside') + lent)
  for (const line of store.all('credit_line').filter(inCurrency)) {
    const id = text(line, 'creditLineId')
    const drawn = balance(`credit:${id}:${currency}`)
    findings.holds(drawn <= amount(line, 'ceiling'), `${id} is drawn by ${drawn}, more than was granted`)
  }
  return {
    debits: debited.toString(),
    credits: credited.toString(),
    deposited: deposited.toString(),
    paidOut: paidOut.toString(),
    available: ofKind('available').toString(),
    escrow: ofKind('escrow').toString(),
    payouts: ofKind('payout').toString(),
    lent: lent.toString(),
  }
}

function readTransfer(raw: RawRecord, findings: Findings): Transfer {
  const transfer = {
    id: text(raw, 'transferId'),
    debit: text(raw, 'debitAccountId'),
    credit: text(raw, 'creditAccountId'),
    amount: amount(raw, 'amount'),
    reason: text(raw, 'reason'),
    reference: text(raw, 'reference'),
  }
  const { id, debit, credit } = transfer
  findings.holds(transfer.amount > 0n, `${id} moves nothing`)
  findings.holds(debit !== credit, `${id} moves from an account to itself`)
  for (const side of [debit, credit])
    findings.same(`currency of ${id}`, currencyOf(side), text(raw, 'currency'))
  // An operator's grant is this market's own promise: it must say so.
  if (transfer.reason === 'deposit') {
    findings.holds(
      optionalText(raw, 'memo')?.startsWith('operator grant') === true,
      `${id} is not marked as a grant`,
    )
  }
  return transfer
}

function sums(
  transfers: readonly Transfer[],
  accountOf: (transfer: Transfer) => string,
): Map<string, bigint> {
  const sum = new Map<string, bigint>()
  for (const transfer of transfers) {
    const id = accountOf(transfer)
    sum.set(id, (sum.get(id) ?? 0n) + transfer.amount)
  }
  return sum
}

/** An account's id is `<kind>:<owner>:<currency>`. */
function kindOf(id: string): string {
  return id.slice(0, id.indexOf(':'))
}

function currencyOf(id: string): string {
  return id.slice(id.lastIndexOf(':') + 1)
}
