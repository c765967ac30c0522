/** The rules of the lease loop (DESIGN §§5, 8) once more, as plain arithmetic over plain objects: what the real market is compared with. */
import { costCeiling, costOfStep, costOfTotals, type Prices } from '@openclaw-market/protocol/money/price'
import { addTotals, totalsBetween, type UnitTotals } from '@openclaw-market/protocol/money/units'

export type Verdict = 'ok' | readonly string[]
const ok: Verdict = 'ok'

export interface ModelCall {
  readonly lease: ModelLease
  readonly reserve: bigint
  status: 'open' | 'unknown' | 'closed'
  checkpoint: UnitTotals
  usage: UnitTotals
  billed: bigint
  dueAt: number
  outcome: string
}

export interface ModelLease {
  readonly consumer: number
  readonly provider: number
  readonly prices: Prices
  readonly maxCost: bigint
  readonly expiresAt: number
  readonly calls: ModelCall[]
  totals: UnitTotals
  status: 'active' | 'ending' | 'ended'
  how: 'completed' | 'revoked' | 'expired' | undefined
  dueAt: number
  closesAt: number
  released: bigint
  refunded: bigint
}

export class Model {
  now: number
  readonly windowMs: number
  readonly maxCallMs: number
  readonly maxConcurrent: number
  readonly available: bigint[]
  readonly leases: ModelLease[] = []
  readonly calls: ModelCall[] = []

  constructor(actors: number, now: number, windowMs: number, maxCallMs: number, maxConcurrent: number) {
    this.available = Array.from({ length: actors }, () => 0n)
    this.now = now
    this.windowMs = windowMs
    this.maxCallMs = maxCallMs
    this.maxConcurrent = maxConcurrent
  }

  move(actor: number, amount: bigint): Verdict {
    const after = (this.available[actor] ?? 0n) + amount
    if (after < 0n) return ['E_INSUFFICIENT_FUNDS']
    this.available[actor] = after
    return ok
  }

  lease(consumer: number, provider: number, prices: Prices, maxCost: bigint, ttlMs: number): Verdict {
    if (consumer === provider) return ['E_FORBIDDEN']
    if (maxCost === 0n) return ['E_INVALID_ARGUMENT']
    const paid = this.move(consumer, -maxCost)
    if (paid !== ok) return paid
    const times = { expiresAt: this.now + ttlMs, dueAt: this.now + ttlMs, closesAt: Infinity }
    this.leases.push({
      consumer,
      provider,
      prices,
      maxCost,
      ...times,
      calls: [],
      totals: {},
      status: 'active',
      how: undefined,
      released: 0n,
      refunded: 0n,
    })
    return ok
  }

  metered = (lease: ModelLease): bigint => costOfTotals(lease.prices, lease.totals)
  reserved = (lease: ModelLease): bigint =>
    lease.calls.reduce((sum, call) => sum + (call.status === 'closed' ? 0n : call.reserve - call.billed), 0n)

  open(lease: ModelLease, fixed: UnitTotals): Verdict {
    const reserve = costCeiling(lease.prices, fixed)
    if (lease.status !== 'active' || this.now >= lease.expiresAt)
      return [lease.how === 'revoked' ? 'E_REVOKED' : 'E_EXPIRED']
    const wrong = []
    if (lease.calls.filter((call) => call.status === 'open').length >= this.maxConcurrent)
      wrong.push('E_RATE_LIMITED')
    if (reserve > lease.maxCost - this.metered(lease) - this.reserved(lease)) wrong.push('E_QUOTA_EXCEEDED')
    if (wrong.length > 0) return wrong
    const call: ModelCall = {
      lease,
      reserve,
      status: 'open',
      checkpoint: {},
      usage: {},
      billed: 0n,
      dueAt: Infinity,
      outcome: '',
    }
    lease.calls.push(call)
    this.calls.push(call)
    return ok
  }

  checkpoint(call: ModelCall, usage: UnitTotals): Verdict {
    const wrong = []
    if (call.status !== 'open' || totalsBetween(call.checkpoint, usage) === undefined)
      wrong.push('E_CONFLICT')
    if (costCeiling(call.lease.prices, usage) > call.reserve) wrong.push('E_QUOTA_EXCEEDED')
    if (wrong.length > 0) return wrong
    call.checkpoint = usage
    return ok
  }

  finish(call: ModelCall, usage: UnitTotals, outcome: 'done' | 'failed' | 'unknown'): Verdict {
    const { lease } = call
    const step = totalsBetween(call.usage, usage)
    const same = step !== undefined && Object.values(step).every((quantity) => quantity === 0n)
    if (call.status !== 'open') {
      if (same && outcome === call.outcome) return ok
      if (call.status === 'closed' || outcome === 'unknown') return ['E_CONFLICT']
      if (this.now >= call.dueAt) return ['E_EXPIRED']
    }
    if (step === undefined) return ['E_CONFLICT']
    const cost = costOfStep(lease.prices, lease.totals, step)
    if (cost > call.reserve - call.billed) return ['E_QUOTA_EXCEEDED']
    lease.totals = addTotals(lease.totals, step)
    call.usage = usage
    call.billed += cost
    call.outcome = outcome
    call.status = outcome === 'unknown' ? 'unknown' : 'closed'
    if (outcome === 'unknown') call.dueAt = this.now + this.windowMs
    this.settle(lease)
    return ok
  }

  end(lease: ModelLease, how: 'completed' | 'revoked' | 'expired'): Verdict {
    if (lease.status !== 'active') return ['E_CONFLICT']
    lease.status = 'ending'
    lease.how = how
    lease.dueAt = this.now + this.maxCallMs
    this.settle(lease)
    return ok
  }

  /** Moves what can move now: nothing while calls are open, then the unused part, and the metered part when it may. */
  settle(lease: ModelLease): void {
    if (lease.status === 'active' || lease.calls.some((call) => call.status === 'open')) return
    if (lease.status === 'ending') {
      lease.status = 'ended'
      lease.closesAt = this.now + this.windowMs
    }
    const unused = lease.maxCost - this.metered(lease) - this.reserved(lease) - lease.refunded
    lease.refunded += unused
    this.move(lease.consumer, unused)
    if (lease.how !== 'completed' && this.now < lease.closesAt) return
    const release = this.metered(lease) - lease.released
    lease.released += release
    this.move(lease.provider, release)
  }

  pass(ms: number): void {
    this.now += ms
    for (const call of this.calls) {
      if (call.status !== 'unknown' || call.dueAt > this.now) continue
      call.status = 'closed'
      this.settle(call.lease)
    }
    for (const lease of this.leases) {
      if (lease.dueAt > this.now || lease.status === 'ended') continue
      if (lease.status === 'active') this.end(lease, 'expired')
      else
        for (const call of lease.calls.toReversed())
          if (call.status === 'open') this.finish(call, call.checkpoint, 'unknown')
    }
    for (const lease of this.leases)
      if (lease.status === 'ended' && lease.closesAt <= this.now) this.settle(lease)
  }
}
