/**
 * What the gate promises: it decides from memory as if it asked the store, it never promises one budget twice, and what it
 * has admitted is opened, unless the lease ended in between or somebody was billed past it.
 */
import { Leases } from '@openclaw-market/protocol/entities/lease'
import { policyDefaults } from '@openclaw-market/protocol/entities/resource'
import type { AdmittedCall, Demand } from '../../extensions/market-core/src/market/calls/gate.ts'
import { ceilingOf, sum } from './arithmetic.ts'
import { callOf } from './law-calls.ts'
import { lineTrafficOf, type LineTraffic } from './line-traffic.ts'
import { room } from './law.ts'
import type { Request } from './serve.ts'
import type { World } from './world.ts'

/** What is under way in one lease, in one life of the process. */
export interface Traffic {
  readonly requests: string[]
  /** By call: the most it may cost, while it is not on disk. */
  readonly promised: Map<string, bigint>
  readonly since: number
  /** Whom the gate has not answered yet. */
  asking: number
  admitted: number
}

export class GateLaw {
  readonly #world: World
  readonly #request: Request
  readonly #demand: Demand
  readonly #traffic: Traffic
  readonly #line: LineTraffic | undefined
  /** The request id was on record before it was asked with. */
  readonly #known: boolean

  constructor(world: World, request: Request, demand: Demand) {
    this.#world = world
    this.#request = request
    this.#demand = demand
    this.#traffic = trafficOf(world, request.lease.leaseId)
    this.#line = lineTrafficOf(world, request.lease)
    this.#line?.asked()
    this.#traffic.requests.push(request.requestId)
    this.#traffic.asking += 1
    this.#known = callOf(world.state, request.lease.leaseId, request.requestId) !== undefined
  }

  admitted(call: AdmittedCall): void {
    const { fixed, stretch } = this.#demand
    const { lease } = this.#request
    const now = this.#world.state.get(Leases, lease.leaseId) ?? lease
    const most = stretch?.most ?? 0n
    const granted = stretch === undefined ? fixed : { ...fixed, [stretch.unit]: call.granted }
    const need = ceilingOf(lease.prices, granted)
    const left = room(now) - sum(this.#traffic.promised.values(), (each) => each)
    this.#traffic.admitted += 1
    this.#traffic.asking -= 1
    const perMinute = lease.policy.maxRequestsPerMinute ?? policyDefaults.maxRequestsPerMinute
    const passed = this.#world.clock.forward - this.#traffic.since
    this.#check({
      'grants no more than is asked': call.granted >= 0n && call.granted <= most,
      'grants at least one of what is asked': call.granted > 0n || most === 0n,
      'affords what it grants': call.affords(granted),
      'affords no more than it has reserved':
        stretch === undefined ||
        !call.affords({ ...granted, [stretch.unit]: 10n ** 30n }) ||
        !priced(lease, stretch.unit),
      'promises no budget twice': need <= left || this.#store().broken,
      'admits only to a lease that runs': this.#runs() || this.#store().broken,
      'admits no request id again': !this.#known,
      'keeps to the requests of a minute':
        this.#traffic.admitted <= perMinute + (passed * perMinute) / 60_000 + 0.001,
      'keeps to the requests of a minute on its credit line': this.#line?.admitted(this.#world) ?? true,
    })
    this.#traffic.promised.set(call.callId, need)
  }

  opened(call: AdmittedCall): void {
    this.#traffic.promised.delete(call.callId)
  }

  /** What was admitted and could not be opened. */
  notOpened(call: AdmittedCall, code: string): false {
    this.#traffic.promised.delete(call.callId)
    const { lease, requestId } = this.#request
    const first = callOf(this.#world.state, lease.leaseId, requestId)
    const excused =
      // The same request was opened and over while this one was being looked up.
      (code === 'E_CONFLICT' && first !== undefined && first.callId !== call.callId) ||
      this.#world.bypassed.has(lease.leaseId) ||
      this.#store().failed ||
      lease.kind === 'storage'
    const lasting = ['E_UNAVAILABLE', 'E_OUTCOME_UNKNOWN'].includes(code)
    const over = !this.#runs()
    this.#check({ [`opens what it admitted, and not: ${code}`]: excused || lasting || over })
    return false
  }

  refused(code: string): undefined {
    const { lease, requestId } = this.#request
    const now = this.#world.state.get(Leases, lease.leaseId) ?? lease
    const { fixed, stretch } = this.#demand
    const least = stretch === undefined || stretch.most === 0n ? fixed : { ...fixed, [stretch.unit]: 1n }
    const all = this.#traffic.requests.length
    this.#traffic.asking -= 1
    const left = room(now) - sum(this.#traffic.promised.values(), (each) => each)
    const most = lease.policy.maxConcurrent ?? policyDefaults.maxConcurrent
    const perMinute = lease.policy.maxRequestsPerMinute ?? policyDefaults.maxRequestsPerMinute
    const again = this.#traffic.requests.filter((each) => each === requestId).length > 1
    const right: Readonly<Record<string, boolean>> = {
      E_EXPIRED: !this.#runs() && now.endReason !== 'revoked',
      E_REVOKED: now.endReason === 'revoked',
      E_CONFLICT: again || callOf(this.#world.state, lease.leaseId, requestId) !== undefined,
      E_QUOTA_EXCEEDED: this.#traffic.asking > 0 || ceilingOf(lease.prices, least) > left,
      E_RATE_LIMITED:
        all > most || this.#traffic.admitted + all > perMinute || this.#line?.mayRefuse(this.#world) === true,
    }
    // Where a commit came to the disk and its process never heard of it, the gate goes by what it knew before.
    const behind = this.#store().broken && right[code] !== undefined
    this.#check({ [`refuses rightly, and not ${code}`]: behind || right[code] === true })
    return undefined
  }

  over(): void {
    const { requests } = this.#traffic
    requests.splice(requests.indexOf(this.#request.requestId), 1)
    this.#line?.over()
  }

  #store() {
    return this.#world.store
  }

  #runs(): boolean {
    const lease = this.#world.state.get(Leases, this.#request.lease.leaseId)
    return lease?.status === 'lease_active' && this.#world.clock.now < lease.expiresAt
  }

  #check(rules: Readonly<Record<string, boolean>>): void {
    const { lease, requestId } = this.#request
    for (const [rule, holds] of Object.entries(rules))
      if (!holds) this.#world.wrong(`the gate, for ${requestId} of ${lease.leaseId}: ${rule}`)
  }
}

function priced({ prices }: Request['lease'], unit: string): boolean {
  return prices.some((price) => price.unit === unit && price.amount > 0n)
}

function trafficOf({ traffic, life, clock }: World, leaseId: string): Traffic {
  const key = `${life}/${leaseId}`
  const known = traffic.get(key)
  if (known !== undefined) return known
  const first: Traffic = { requests: [], promised: new Map(), since: clock.forward, asking: 0, admitted: 0 }
  traffic.set(key, first)
  return first
}
