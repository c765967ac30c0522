/** What must hold of a market whatever has happened to it, checked from the raw records and nothing remembered. */
import { expect } from 'vitest'
import type { Static, TObject } from '@sinclair/typebox'
import { anyCollection, type Collection } from '@openclaw-market/protocol/collection'
import {
  Calls,
  Consents,
  Deliveries,
  Leases,
  Orders,
  UsageRecords,
  type Call,
  type Lease,
  type UsageRecord,
} from '@openclaw-market/protocol/entities/lease'
import {
  Accounts,
  Deposits,
  Payouts,
  Settlements,
  Transfers,
  type Account,
  type Settlement,
} from '@openclaw-market/protocol/entities/money'
import { costOfTotals, toTotals } from '@openclaw-market/protocol/money/price'
import { addTotals, totalEntries, type UnitTotals } from '@openclaw-market/protocol/money/units'
import { isTerminal } from '@openclaw-market/protocol/states/machine'
import { leaseMachine, settlementMachine } from '@openclaw-market/protocol/states/tables'
import type { MarketStore, ReadTx } from '../store/store.ts'
import { balanceOf, freeOf } from '../ledger/account.ts'
import { every } from './every.ts'
import { hashRecord } from './usage/record.ts'

async function all<S extends TObject>(tx: ReadTx, of: Collection<S>): Promise<Static<S>[]> {
  const items = []
  for await (const item of every(tx, of, { order: 'oldest' })) items.push(item)
  return items
}

const sum = <T>(items: readonly T[], of: (item: T) => bigint): bigint =>
  items.reduce((total, item) => total + of(item), 0n)

const used = (totals: UnitTotals): UnitTotals =>
  Object.fromEntries(totalEntries(totals).filter(([, quantity]) => quantity > 0n))

const usedBy = (records: readonly UsageRecord[]): UnitTotals =>
  used(records.reduce<UnitTotals>((totals, { usage }) => addTotals(totals, toTotals(usage)), {}))

/** @throws an assertion that names the object which breaks a rule */
export async function checkInvariants(store: MarketStore): Promise<void> {
  await store.read({ as: 'market' }, async (tx) => {
    const accounts = await all(tx, Accounts)
    await checkAccounts(tx, accounts)
    const byId = new Map(accounts.map((account) => [account.accountId, account]))
    const settlements = new Map((await all(tx, Settlements)).map((each) => [each.settlementId, each]))
    const calls = Map.groupBy(await all(tx, Calls), (call) => call.leaseId)
    const records = Map.groupBy(await all(tx, UsageRecords), (record) => record.leaseId)
    const leases = await all(tx, Leases)
    expect(settlements.size).toBe(leases.length)
    for (const of of [anyCollection(Orders), anyCollection(Consents), anyCollection(Deliveries)])
      expect((await all(tx, of)).length).toBe(leases.length)
    for (const lease of leases) {
      const ofLease = records.get(lease.leaseId) ?? []
      checkRecords(lease, ofLease)
      checkCalls(lease, calls.get(lease.leaseId) ?? [], ofLease)
      const settlement = settlements.get(lease.settlementId)
      expect(settlement, lease.leaseId).toBeDefined()
      if (settlement !== undefined)
        checkEscrow(lease, settlement, byId.get(`escrow:${lease.settlementId}:${lease.currency}`))
    }
  })
}

async function checkAccounts(tx: ReadTx, accounts: readonly Account[]): Promise<void> {
  const transfers = await all(tx, Transfers)
  const currencies = new Set(accounts.map((account) => account.currency))
  for (const currency of currencies) {
    const own = accounts.filter((account) => account.currency === currency)
    expect(
      sum(own, (a) => a.debits),
      `debits in ${currency}`,
    ).toBe(sum(own, (a) => a.credits))
    const outside = own.filter((account) => account.kind === 'outside')
    const granted = (await all(tx, Deposits)).filter((each) => each.currency === currency)
    const paid = (await all(tx, Payouts)).filter(
      (each) => each.currency === currency && each.status === 'payout_paid',
    )
    expect(sum(outside, balanceOf), `outside in ${currency}`).toBe(
      sum(granted, (d) => d.amount) - sum(paid, (p) => p.amount),
    )
  }
  for (const account of accounts) {
    const { accountId, debits, credits, held, committed, kind } = account
    expect(debits, accountId).toBe(
      sum(
        transfers.filter((t) => t.debitAccountId === accountId),
        (t) => t.amount,
      ),
    )
    expect(credits, accountId).toBe(
      sum(
        transfers.filter((t) => t.creditAccountId === accountId),
        (t) => t.amount,
      ),
    )
    for (const figure of [balanceOf(account), freeOf(account), held, committed])
      expect(figure >= 0n, accountId).toBe(true)
    if (kind !== 'escrow') expect(held + committed, accountId).toBe(0n)
  }
  for (const transfer of transfers) expect(transfer.amount > 0n, transfer.transferId).toBe(true)
  for (const payout of await all(tx, Payouts)) {
    const account = accounts.find((each) => each.accountId === `payout:${payout.payoutId}:${payout.currency}`)
    expect(account === undefined ? undefined : balanceOf(account)).toBe(
      payout.status === 'payout_pending' ? payout.amount : 0n,
    )
  }
}

function checkRecords(lease: Lease, records: readonly UsageRecord[]): void {
  const { leaseId, metered, maxCost, totals, usageSeq, usageHead } = lease
  const inOrder = [...records].sort((a, b) => a.seq - b.seq)
  let head: string | undefined
  for (const [i, record] of inOrder.entries()) {
    expect(record.seq, leaseId).toBe(i + 1)
    expect(record.previousHash, record.ledgerId).toBe(head)
    expect(record.entryHash, record.ledgerId).toBe(hashRecord(record))
    expect([record.providerActorId, record.consumerActorId]).toEqual([
      lease.providerActorId,
      lease.consumerActorId,
    ])
    head = record.entryHash
  }
  expect([usageSeq, usageHead]).toEqual([records.length, head])
  expect(used(totals), leaseId).toEqual(usedBy(records))
  expect(metered, leaseId).toBe(sum(records, (record) => record.cost))
  expect(metered, leaseId).toBe(costOfTotals(lease.prices, totals))
  expect(metered + lease.reserved <= maxCost, `${leaseId} stays within its lock`).toBe(true)
}

function checkCalls(lease: Lease, calls: readonly Call[], records: readonly UsageRecord[]): void {
  const open = calls.filter((call) => call.status === 'call_open')
  const unknown = calls.filter((call) => call.status === 'call_unknown')
  expect([lease.openCalls, lease.unknownCalls], lease.leaseId).toEqual([open.length, unknown.length])
  expect(calls.map((call) => call.seq).sort((a, b) => a - b)).toEqual(calls.map((_, i) => i + 1))
  expect(lease.callSeq).toBe(calls.length)
  expect(lease.reserved, lease.leaseId).toBe(
    sum([...open, ...unknown], (call) => call.reserved - call.billed),
  )
  for (const call of calls) {
    const own = records.filter((record) => record.callId === call.callId)
    expect(call.billed, call.callId).toBe(sum(own, (record) => record.cost))
    expect(call.billed <= call.reserved, `${call.callId} is billed within its reserve`).toBe(true)
    expect(used(call.usage), call.callId).toEqual(usedBy(own))
    expect(call.dueAt !== undefined, call.callId).toBe(call.status === 'call_unknown')
  }
  if (isTerminal(leaseMachine, lease.status)) expect(open.length, `${lease.leaseId} has ended`).toBe(0)
}

function checkEscrow(lease: Lease, settlement: Settlement, account: Account | undefined): void {
  const { settlementId, locked, releasedSoFar, refundedSoFar, status } = settlement
  expect(account, settlementId).toBeDefined()
  if (account === undefined) return
  expect(locked).toBe(lease.maxCost)
  expect(balanceOf(account), settlementId).toBe(locked - releasedSoFar - refundedSoFar)
  expect(account.held, settlementId).toBe(lease.reserved)
  expect(account.committed, settlementId).toBe(lease.metered - releasedSoFar)
  const settled = isTerminal(settlementMachine, status)
  expect(settled, settlementId).toBe(balanceOf(account) === 0n)
  expect(settlement.settledAt !== undefined, settlementId).toBe(settled)
  if (settled) expect(releasedSoFar, settlementId).toBe(lease.metered)
  if (settled) expect(status === 'settlement_released', settlementId).toBe(releasedSoFar > 0n)
  if (settled) expect([lease.reserved, lease.openCalls]).toEqual([0n, 0])
  if (!isTerminal(leaseMachine, lease.status)) expect([releasedSoFar, refundedSoFar]).toEqual([0n, 0n])
  expect(lease.dueAt !== undefined, lease.leaseId).toBe(!isTerminal(leaseMachine, lease.status))
}
