/** The money of one lease, with nothing around it: the pure rules of ledger and settlement, driven step by step. */
import { expect } from 'vitest'
import type { Lease } from '@openclaw-market/protocol/entities/lease'
import type { Account, Settlement } from '@openclaw-market/protocol/entities/money'
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
  escrow,
  outside,
} from '../../extensions/market-core/src/ledger/account.ts'
import { applyPosting } from '../../extensions/market-core/src/ledger/apply.ts'
import {
  beginEnding,
  settleLease,
  type Ending,
} from '../../extensions/market-core/src/settlement/end-lease.ts'

export const windowMs = 1_000

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
  #now = 0

  constructor(locked: bigint) {
    this.#lease = this.#newLease(locked)
    this.#settlement = this.#newSettlement(this.#lease)
    const money = { amount: locked, reference: this.#settlement.settlementId }
    const own = available(payer, currency)
    this.#post([
      { ...money, debit: outside(currency), credit: own, reason: 'deposit' },
      { ...money, debit: own, credit: this.#escrow(), reason: 'lock' },
    ])
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
    const { metered, maxCost } = this.#lease
    expect(isTerminal(settlementMachine, this.#settlement.status)).toBe(true)
    expect(this.#balance(accountId(this.#escrow()))).toBe(0n)
    expect(this.#balance(accountId(available(payee, currency)))).toBe(metered)
    expect(this.#balance(accountId(available(payer, currency)))).toBe(maxCost - metered)
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
    expect(settled).toBe(balance === 0n)
    expect(settledAt !== undefined).toBe(settled)
    if (!isTerminal(leaseMachine, status)) expect([releasedSoFar, refundedSoFar]).toEqual([0n, 0n])
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
    const { lease, settlement, movements } = settleLease(this.#lease, this.#settlement, windowMs, this.#now)
    this.#lease = lease
    this.#settlement = settlement
    this.#post(movements, holds)
  }

  #post(movements: readonly Movement[], holds: readonly HoldChange[] = []): void {
    const { accounts } = applyPosting({ movements, holds }, this.#accounts, this.#now, this.#ids)
    for (const account of accounts) this.#accounts.set(account.accountId, account)
  }

  #escrow() {
    return escrow(this.#settlement.settlementId, currency, payer)
  }

  #balance(id: string): bigint {
    const account = this.#accounts.get(id)
    return account === undefined ? 0n : balanceOf(account)
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
