/** The money of one lease, with nothing around it: the pure rules of ledger and settlement, driven step by step. */
import { expect } from 'vitest'
import type { Lease } from '@openclaw-market/protocol/entities/lease'
import type { Account, CreditLine, Settlement } from '@openclaw-market/protocol/entities/money'
import { idSource } from '@openclaw-market/protocol/ids'
import type { HoldChange, Movement } from '@openclaw-market/protocol/operation'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { isTerminal } from '@openclaw-market/protocol/states/machine'
import { leaseMachine, settlementMachine } from '@openclaw-market/protocol/states/tables'
import {
  accountId,
  available,
  balanceOf,
  credit,
  escrow,
  outside,
} from '../../extensions/market-core/src/ledger/account.ts'
import { applyPosting } from '../../extensions/market-core/src/ledger/apply.ts'
import {
  beginEnding,
  settleLease,
  type Ending,
} from '../../extensions/market-core/src/settlement/end-lease.ts'
import { payDebts } from '../../extensions/market-core/src/settlement/pay-debt.ts'

export const windowMs = 1_000
const graceMs = 500

const currency = 'USDC'
const actor = (digit: string): ActorId => codec(ActorId).decode(`0x${digit.repeat(40)}`)
const [payer, payee] = [actor('1'), actor('2')]

interface HeldCall {
  /** What is held for it still. */
  rest: bigint
  unknown: boolean
}

export class LeaseLife {
  readonly #ids = idSource(
    () => 0,
    (bytes) => void bytes.fill(1),
  )
  readonly #accounts = new Map<string, Account>()
  readonly #calls: HeldCall[] = []
  #lease: Lease
  #settlement: Settlement
  readonly #line: CreditLine | undefined
  #deposited = 0n
  #now = 0

  /** @param funds of its consumer besides: then the lease is post-paid, on a line that it fills */
  constructor(locked: bigint, funds?: bigint) {
    this.#line = funds === undefined ? undefined : this.#newLine(locked)
    this.#lease = this.#newLease(locked)
    this.#settlement = this.#newSettlement(this.#lease)
    this.#deposit(funds ?? locked)
    const source = this.#line === undefined ? available(payer, currency) : credit(this.#line)
    const reference = this.#settlement.settlementId
    this.#post([{ debit: source, credit: this.#escrow(), amount: locked, reason: 'lock', reference }])
  }

  /** What is due, as far as the money reaches. */
  pay(): void {
    const on = this.#credit()
    if (on === undefined) return
    const debt = { lease: this.#lease, settlement: this.#settlement }
    const { settlements, movements } = payDebts([debt], on, this.#now)
    const [paid = this.#settlement] = settlements
    this.#settlement = paid
    this.#post(movements)
  }

  open(percent: number): void {
    if (this.#lease.status !== 'lease_active') return
    const { maxCost, metered, reserved, openCalls } = this.#lease
    const reserve = part(maxCost - metered - reserved, percent)
    this.#calls.push({ rest: reserve, unknown: false })
    this.#lease = { ...this.#lease, reserved: reserved + reserve, openCalls: openCalls + 1 }
    this.#post([], [{ op: 'hold', account: this.#escrow(), amount: reserve }])
  }

  /** Ends a call, open or unknown, with a part of what it holds. */
  close(which: number, unknown: boolean, percent: number): void {
    const call = this.#call(which, unknown)
    if (call === undefined) return
    this.#calls.splice(this.#calls.indexOf(call), 1)
    this.#bill(part(call.rest, percent), call.rest, { open: unknown ? 0 : -1, unknown: unknown ? -1 : 0 })
  }

  /** Its outcome is not known: what it is billed so far, and the rest stays held. */
  lose(which: number, percent: number): void {
    const call = this.#call(which, false)
    if (call === undefined) return
    const cost = part(call.rest, percent)
    call.rest -= cost
    call.unknown = true
    this.#bill(cost, cost, { open: -1, unknown: 1 })
  }

  end(reason: Ending['reason']): void {
    if (this.#lease.status !== 'lease_active') return
    this.#lease = beginEnding(this.#lease, { reason, by: payer }, this.#now)
    this.#settle([])
  }

  pass(ms: number): void {
    this.#now += ms
    this.#settle([])
  }

  /** Whatever happened: in the end everything has gone where it belongs. */
  runOut(): void {
    this.end('expired')
    while (this.#call(0, false) !== undefined) this.lose(0, 50)
    while (this.#call(0, true) !== undefined) this.close(0, true, 0)
    this.pass(windowMs)
    this.check()
    const { metered } = this.#lease
    if (this.#line !== undefined) {
      this.#deposit(metered)
      this.pay()
      this.check()
    }
    expect(isTerminal(settlementMachine, this.#settlement.status)).toBe(true)
    expect(this.#balance(accountId(this.#escrow()))).toBe(0n)
    expect(this.#balance(accountId(available(payee, currency)))).toBe(metered)
    expect(this.#balance(accountId(available(payer, currency)))).toBe(this.#deposited - metered)
    if (this.#line !== undefined) expect(this.#balance(accountId(credit(this.#line)))).toBe(0n)
  }

  check(): void {
    const { metered, maxCost, status } = this.#lease
    const { releasedSoFar, refundedSoFar, settledAt } = this.#settlement
    const account = this.#accounts.get(accountId(this.#escrow()))
    const held = this.#calls.reduce((sum, call) => sum + call.rest, 0n)
    const balance = maxCost - releasedSoFar - refundedSoFar
    expect({ held: account?.held, committed: account?.committed }).toEqual({
      held,
      committed: metered - releasedSoFar,
    })
    expect(this.#balance(accountId(this.#escrow()))).toBe(balance)
    const settled = isTerminal(settlementMachine, this.#settlement.status)
    const runs = !isTerminal(leaseMachine, status)
    expect(settledAt !== undefined).toBe(settled)
    if (runs) expect(refundedSoFar).toBe(0n)
    if (this.#line === undefined) {
      expect(settled).toBe(balance === 0n)
      if (runs) expect(releasedSoFar).toBe(0n)
    } else {
      if (!runs) expect(settled).toBe(balance === 0n)
      expect(this.#balance(accountId(credit(this.#line))), 'what is drawn').toBe(balance)
    }
    // Nobody has what nobody paid.
    expect(this.#balance(accountId(available(payee, currency)))).toBe(releasedSoFar)
  }

  #call(which: number, unknown: boolean): HeldCall | undefined {
    const calls = this.#calls.filter((call) => call.unknown === unknown)
    return calls[which % Math.max(1, calls.length)]
  }

  #bill(cost: bigint, resolved: bigint, by: { open: number; unknown: number }): void {
    const { metered, reserved, openCalls, unknownCalls } = this.#lease
    this.#lease = {
      ...this.#lease,
      metered: metered + cost,
      reserved: reserved - resolved,
      openCalls: openCalls + by.open,
      unknownCalls: unknownCalls + by.unknown,
    }
    this.#settle([{ op: 'resolve', account: this.#escrow(), amount: resolved, posted: cost }])
  }

  #settle(holds: readonly HoldChange[]): void {
    const { lease, settlement, movements } = settleLease(
      { lease: this.#lease, settlement: this.#settlement, credit: this.#credit() },
      windowMs,
      this.#now,
    )
    this.#lease = lease
    this.#settlement = settlement
    this.#post(movements, holds)
  }

  #post(movements: readonly Movement[], holds: readonly HoldChange[] = []): void {
    const { accounts } = applyPosting({ movements, holds }, this.#accounts, this.#now, this.#ids)
    for (const account of accounts) this.#accounts.set(account.accountId, account)
  }

  #credit() {
    const line = this.#line
    if (line === undefined) return undefined
    return { line, payable: this.#balance(accountId(available(payer, currency))) }
  }

  #deposit(amount: bigint): void {
    this.#deposited += amount
    const credited = available(payer, currency)
    const reference = 'a deposit'
    this.#post([{ debit: outside(currency), credit: credited, amount, reason: 'deposit', reference }])
  }

  #escrow() {
    return escrow(this.#settlement.settlementId, currency, payer)
  }

  #balance(id: string): bigint {
    const account = this.#accounts.get(id)
    return account === undefined ? 0n : balanceOf(account)
  }

  #newLine(ceiling: bigint): CreditLine {
    return {
      rev: 0,
      creditLineId: this.#ids.next('line'),
      providerActorId: payee,
      consumerActorId: payer,
      currency,
      ceiling,
      maxRequestsPerMinute: 1,
      graceMs,
      status: 'credit_open',
      createdAt: 0,
    }
  }

  #onCredit(): { creditLineId?: CreditLine['creditLineId'] } {
    return this.#line === undefined ? {} : { creditLineId: this.#line.creditLineId }
  }

  #newLease(maxCost: bigint): Lease {
    const ids = this.#ids
    return {
      rev: 0,
      leaseId: ids.next('lease'),
      resourceId: ids.next('res'),
      resourceVersion: 1,
      offerId: ids.next('offer'),
      orderId: ids.next('ord'),
      consentId: ids.next('cons'),
      deliveryId: ids.next('dlv'),
      settlementId: ids.next('stl'),
      providerActorId: payee,
      consumerActorId: payer,
      kind: 'model',
      backend: 'llm',
      label: 'a model',
      prices: [{ unit: 'request', amount: 1n, per: 1n, currency }],
      policy: {},
      currency,
      ...this.#onCredit(),
      tokenHash: '0'.repeat(64),
      maxCost,
      metered: 0n,
      reserved: 0n,
      totals: {},
      usageSeq: 0,
      callSeq: 0,
      openCalls: 0,
      unknownCalls: 0,
      status: 'lease_active',
      createdAt: 0,
      expiresAt: windowMs,
      dueAt: windowMs,
    }
  }

  #newSettlement({ settlementId, orderId, leaseId, maxCost }: Lease): Settlement {
    return {
      rev: 0,
      settlementId,
      orderId,
      leaseId,
      payerActorId: payer,
      payeeActorId: payee,
      currency,
      ...this.#onCredit(),
      locked: maxCost,
      releasedSoFar: 0n,
      refundedSoFar: 0n,
      status: 'settlement_locked',
      rail: { kind: 'internal', state: 'confirmed' },
      createdAt: 0,
    }
  }
}

function part(of: bigint, percent: number): bigint {
  return (of * BigInt(percent)) / 100n
}
