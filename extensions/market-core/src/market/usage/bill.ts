/** Pricing one entry and everything that follows from it: record, call, lease, hold, and the end of a draining lease. */
import type { Static } from '@sinclair/typebox'
import { canonicalHash } from '@openclaw-market/protocol/canonical'
import {
  Calls,
  UsageRecords,
  type Call,
  type Lease,
  type UsageRecord,
} from '@openclaw-market/protocol/entities/lease'
import { MarketError } from '@openclaw-market/protocol/errors'
import { costOfStep, toUsage } from '@openclaw-market/protocol/money/price'
import { totalEntries, totalsBetween, type UnitTotals } from '@openclaw-market/protocol/money/units'
import {
  insert,
  update,
  type Changes,
  type DecideContext,
  type HoldChange,
  type Write,
} from '@openclaw-market/protocol/operation'
import { transition } from '@openclaw-market/protocol/states/machine'
import { callMachine } from '@openclaw-market/protocol/states/tables'
import { escrow } from '../../ledger/account.ts'
import { settleLease, type LeaseMoney } from '../../settlement/end-lease.ts'
import { assertOpen, assertWithin } from '../calls/open.ts'
import { accrue } from '../leases/accrue.ts'
import { closingChanges } from '../leases/end.ts'
import type { UsageEntry } from './entry.ts'
import { checkUsage } from './check.ts'
import { record } from './record.ts'

type Entry = Static<typeof UsageEntry>
type Result = Pick<UsageRecord, 'ledgerId' | 'seq' | 'cost' | 'entryHash'>

export interface BillState extends LeaseMoney {
  readonly call: Call | undefined
  /** The record that this call has made already. */
  readonly record: UsageRecord | undefined
}

export function bill(state: BillState, entry: Entry, context: DecideContext): Changes<Result> {
  const used = checkUsage(entry.usage, state.lease.kind, '/entry/usage', 'refused')
  const { call } = state
  if (call !== undefined && call.status !== 'call_open') {
    const again = repeated(state, call, used, entry, context.now)
    if (again !== undefined) return { result: again, subjects: [state.lease.leaseId] }
  }
  if (call === undefined) assertRecordable(state.lease, entry, context.now)
  const step = call === undefined ? used : totalsBetween(call.usage, used)
  if (step === undefined) throw shrinking()
  const cost = costOfStep(state.lease.prices, state.lease.totals, step)
  checkStated(entry, cost)
  if (call === undefined) assertWithin(state.lease, cost)
  else if (cost > call.reserved - call.billed) throw overReserve(cost, call.reserved - call.billed)
  return call === undefined
    ? billUnopened(state, entry, used, cost, context)
    : billCall(state, call, entry, { step, used, cost }, context)
}

interface Priced {
  readonly step: UnitTotals
  readonly used: UnitTotals
  readonly cost: bigint
}

/** Ends an open call, or corrects an unknown one. */
function billCall(
  state: BillState,
  call: Call,
  entry: Entry,
  priced: Priced,
  context: DecideContext,
): Changes<Result> {
  const { step, used, cost } = priced
  const { ids, now, rules } = context
  const { callId, status } = call
  const kept = stored(state.lease, entry, now)
  const counted = record(kept, { ...entry, ledgerId: ids.next('use'), callId, step, cost }, now)
  const unknown = entry.outcome === 'unknown'
  // An unknown call keeps the rest of its reserve frozen; every other end frees it.
  const resolved = unknown ? cost : call.reserved - call.billed
  const lease: Lease = {
    ...counted.lease,
    reserved: kept.reserved - resolved,
    openCalls: kept.openCalls - (status === 'call_open' ? 1 : 0),
    unknownCalls: kept.unknownCalls + (unknown ? 1 : 0) - (status === 'call_unknown' ? 1 : 0),
  }
  const { dueAt: _due, ...rest } = call
  const ended: Call = {
    ...rest,
    status: transition(callMachine, status, endState(entry), `call ${callId}`),
    usage: used,
    billed: call.billed + cost,
    ledgerId: counted.record.ledgerId,
    closedAt: now,
    ...(unknown ? { dueAt: now + rules.disputeWindowMs } : {}),
  }
  const account = escrowOf(lease)
  return billed(
    state,
    counted.record,
    lease,
    update(Calls, ended),
    [{ op: 'resolve', account, amount: resolved, posted: cost }],
    context,
  )
}

/** A call that was served elsewhere and never opened here: told after the fact, paid from what nobody else has reserved. */
function billUnopened(
  state: BillState,
  entry: Entry,
  used: UnitTotals,
  cost: bigint,
  context: DecideContext,
): Changes<Result> {
  const { ids, now } = context
  const callId = ids.next('call')
  const kept = stored(state.lease, entry, now)
  const counted = record(kept, { ...entry, ledgerId: ids.next('use'), callId, step: used, cost }, now)
  const lease: Lease = { ...counted.lease, callSeq: kept.callSeq + 1 }
  const call = insert(Calls, {
    callId,
    leaseId: lease.leaseId,
    resourceId: lease.resourceId,
    providerActorId: lease.providerActorId,
    consumerActorId: lease.consumerActorId,
    seq: lease.callSeq,
    requestId: entry.requestId,
    requestKey: `${lease.leaseId}/${entry.requestId}`,
    bodyHash: canonicalHash(toUsage(used).map(({ unit, quantity }) => [unit, quantity.toString()])),
    reserved: cost,
    checkpoint: {},
    status: endState(entry),
    billed: cost,
    openedAt: now,
    usage: used,
    ledgerId: counted.record.ledgerId,
    closedAt: now,
  })
  const account = escrowOf(lease)
  const holds: readonly HoldChange[] = [
    { op: 'hold', account, amount: cost },
    { op: 'resolve', account, amount: cost, posted: cost },
  ]
  return billed(state, counted.record, lease, call, holds, context)
}

function billed(
  before: BillState,
  line: UsageRecord,
  lease: Lease,
  call: Write,
  holds: readonly HoldChange[],
  { now, rules }: DecideContext,
): Changes<Result> {
  const { ledgerId, seq, cost, entryHash, callId } = line
  const changes = closingChanges(before, settleLease({ ...before, lease }, rules.disputeWindowMs, now))
  return {
    result: { ledgerId, seq, cost, entryHash },
    subjects: [lease.leaseId, ...(callId === undefined ? [] : [callId]), ledgerId],
    ...changes,
    writes: [insert(UsageRecords, line), call, ...changes.writes],
    holds,
  }
}

function endState({ outcome }: Entry): Call['status'] {
  return outcome === 'unknown' ? 'call_unknown' : outcome === 'done' ? 'call_done' : 'call_failed'
}

function escrowOf({ settlementId, currency, consumerActorId }: Lease) {
  return escrow(settlementId, currency, consumerActorId)
}

function stored(lease: Lease, { storedBytes }: Entry, now: number): Lease {
  if (storedBytes === undefined || lease.kind !== 'storage') return lease
  return { ...accrue(lease, now), storedBytes }
}

function checkStated({ cost: stated }: Entry, cost: bigint): void {
  if (stated === undefined || stated === cost) return
  throw new MarketError('E_CONFLICT', `this usage costs ${cost}, not ${stated}`, {
    details: { pointer: '/entry/cost', computed: cost.toString(), stated: stated.toString() },
    hint: 'Leave cost out, or state what the prices of the lease come to.',
  })
}

/** A second entry for an ended call: the same is answered as before, a correction of an unknown one goes on. */
function repeated(
  state: BillState,
  call: Call,
  used: UnitTotals,
  entry: Entry,
  now: number,
): Result | undefined {
  const { record: line } = state
  if (line !== undefined && line.outcome === entry.outcome && equal(call.usage, used)) {
    return { ledgerId: line.ledgerId, seq: line.seq, cost: line.cost, entryHash: line.entryHash }
  }
  if (call.status !== 'call_unknown' || entry.outcome === 'unknown') {
    throw new MarketError('E_CONFLICT', `this call is ${call.status} and its usage is on record`, {
      details: { status: call.status, ...(line === undefined ? {} : { ledgerId: line.ledgerId }) },
      hint: 'A record is never changed. Only a call of unknown outcome can be corrected, once, within the window.',
    })
  }
  if (call.dueAt === undefined || now < call.dueAt) return undefined
  throw new MarketError('E_EXPIRED', 'the window in which this call could be corrected is over', {
    hint: 'What its checkpoint said stays billed.',
  })
}

function equal(a: UnitTotals, b: UnitTotals): boolean {
  const step = totalsBetween(a, b)
  return step !== undefined && totalEntries(step).every(([, quantity]) => quantity === 0n)
}

function assertRecordable(lease: Lease, { outcome }: Entry, now: number): void {
  if (outcome === 'unknown') {
    throw new MarketError('E_CONFLICT', 'only a call that was opened here can be of unknown outcome', {
      details: { pointer: '/entry/outcome' },
      hint: 'State done or failed, with what was delivered.',
    })
  }
  if (lease.status !== 'lease_ending') assertOpen(lease, now)
}

function overReserve(cost: bigint, reserve: bigint): MarketError {
  return new MarketError('E_QUOTA_EXCEEDED', `the usage costs ${cost} and the call has ${reserve} reserved`, {
    details: { cost: cost.toString(), reserved: reserve.toString() },
    hint: 'A call is never billed more than was reserved for it when it was admitted: state less.',
  })
}

function shrinking(): MarketError {
  return new MarketError('E_CONFLICT', 'a correction cannot take back usage that is on record', {
    hint: 'State the whole usage of the call, at least what the record says in every unit.',
  })
}
