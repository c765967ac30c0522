/**
 * The gate in front of every leased call (DESIGN §8.4). It decides from memory, synchronously, so that racing calls cannot
 * share one budget, one slot or one minute; the store's own decision follows durably before the first byte is handed out.
 * What it remembers is a shadow of the leases: it learns each committed change before the caller of that change does.
 */
import { Leases, Calls, type Lease, type Call } from '@openclaw-market/protocol/entities/lease'
import { CreditLines, type CreditLine } from '@openclaw-market/protocol/entities/money'
import { effectivePolicy } from '@openclaw-market/protocol/entities/resource'
import { MarketError } from '@openclaw-market/protocol/errors'
import type { IdSource, CallId, LeaseId } from '@openclaw-market/protocol/ids'
import { costCeiling, toUsage } from '@openclaw-market/protocol/money/price'
import type { Unit, UnitTotals } from '@openclaw-market/protocol/money/units'
import type { Write } from '@openclaw-market/protocol/operation'
import type { Principal } from '@openclaw-market/protocol/principal'
import type { Execute } from '../execute.ts'
import type { MarketStore, ReadTx } from '../../store/store.ts'
import { appendUsage } from '../usage/append.ts'
import { assertOpen, assertWithin, openCall, sameRequest, tooMany } from './open.ts'
import { checkpointCall } from './checkpoint.ts'
import { LineRates } from './line-rates.ts'
import { rateLimiter, type RateLimiter } from './rate.ts'

/** What a call asks for: what it surely uses, and one unit of which it takes as much as the budget allows. */
export interface Demand {
  readonly fixed: UnitTotals
  readonly stretch?: { readonly unit: Unit; readonly most: bigint }
}

export interface CallRequest {
  readonly leaseId: LeaseId
  readonly requestId: string
  /** The id came from the caller, so it may have been used before. */
  readonly mayRepeat: boolean
  readonly bodyHash: string
  readonly demand: Demand
}

export interface FinishedCall {
  readonly usage: UnitTotals
  readonly outcome: 'done' | 'failed' | 'unknown'
  readonly responseHash?: string
  readonly storedBytes?: bigint
}

export interface AdmittedCall {
  readonly callId: CallId
  /** How much of the stretched unit the budget allows; `most` when it has no price. */
  readonly granted: bigint
  /** Whether this much is sure to cost no more than was reserved. */
  affords(usage: UnitTotals): boolean
  /** Resolves when the call is on disk. Nothing may reach the caller before. Rejects when the lease ended in between. */
  readonly opened: Promise<void>
  checkpoint(usage: UnitTotals): Promise<void>
  /** Writes the usage record. Once; when that failed it may be tried again. */
  finish(end: FinishedCall): Promise<{ readonly cost: bigint; readonly seq: number }>
}

export interface CallGate {
  /** The lease of this token, whatever its state; undefined when there is none. */
  leaseOf(tokenHash: string): Promise<Lease | undefined>
  admit(request: CallRequest): Promise<AdmittedCall>
  committed(writes: readonly Write[]): void
  /** Open calls of this process. */
  open(): number
}

export interface GateEnvironment {
  readonly store: MarketStore
  readonly execute: Execute
  readonly ids: IdSource
  readonly now: () => number
  /** As whom calls are opened and appended: the node wallet. */
  readonly self: Principal
}

interface Shadow {
  lease: Lease
  /** Reserves of calls that are admitted and not yet on disk. */
  readonly pending: Map<CallId, bigint>
  readonly inFlight: Set<string>
  readonly rate: RateLimiter
}

/** Shadows without open calls beyond this many are forgotten, oldest first. */
const maxShadows = 10_000

export function callGate(env: GateEnvironment): CallGate {
  const shadows = new Map<string, Shadow>()
  const byToken = new Map<string, string>()
  /** Leases that were committed while some lease was being read: the read may have begun before and see the older one. */
  const passing = new Map<string, Lease>()
  let reading = 0
  const lineRates = new LineRates()

  const remember = (lease: Lease): Shadow => {
    const known = shadows.get(lease.leaseId)
    if (known !== undefined) {
      if (lease.rev >= known.lease.rev) known.lease = lease
      return known
    }
    const { maxRequestsPerMinute } = effectivePolicy(lease.policy)
    const shadow = {
      lease,
      pending: new Map(),
      inFlight: new Set<string>(),
      rate: rateLimiter(maxRequestsPerMinute),
    }
    if (shadows.size >= maxShadows) forgetOne()
    shadows.set(lease.leaseId, shadow)
    byToken.set(lease.tokenHash, lease.leaseId)
    return shadow
  }

  const forgetOne = (): void => {
    for (const [id, { inFlight, lease }] of shadows) {
      if (inFlight.size > 0) continue
      shadows.delete(id)
      byToken.delete(lease.tokenHash)
      return
    }
  }

  const load = async (find: (tx: ReadTx) => Promise<Lease | undefined>): Promise<Shadow | undefined> => {
    reading += 1
    try {
      const { lease, line } = await env.store.read({ as: 'market' }, async (tx) => {
        const read = await find(tx)
        const { creditLineId } = read ?? {}
        return {
          lease: read,
          line: creditLineId === undefined ? undefined : await tx.get(CreditLines, creditLineId),
        }
      })
      if (line !== undefined) lineRates.learn(line)
      if (lease === undefined) return undefined
      const passed = passing.get(lease.leaseId)
      return remember(passed !== undefined && passed.rev > lease.rev ? passed : lease)
    } finally {
      reading -= 1
      if (reading === 0) passing.clear()
    }
  }

  const shadowOf = async (leaseId: string): Promise<Shadow> => {
    const known = shadows.get(leaseId)
    if (known !== undefined) return known
    const shadow = await load((tx) => tx.get(Leases, leaseId))
    if (shadow === undefined) throw new MarketError('E_NOT_FOUND', `there is no lease ${leaseId}`)
    return shadow
  }

  const earlierCall = (leaseId: string, requestId: string): Promise<Call | undefined> =>
    env.store.read({ as: 'market' }, (tx) => tx.find(Calls, 'requestKey', `${leaseId}/${requestId}`))

  /** The shadow of a lease in which no earlier call had this request id. */
  const checked = async (
    leaseId: string,
    requestId: string,
    bodyHash: string | undefined,
  ): Promise<Shadow> => {
    const shadow = await shadowOf(leaseId)
    if (shadow.inFlight.has(requestId)) throw stillRunning()
    if (bodyHash !== undefined) {
      const earlier = await earlierCall(leaseId, requestId)
      if (earlier !== undefined) throw sameRequest(earlier.bodyHash === bodyHash)
    }
    return shadow
  }

  return {
    async leaseOf(tokenHash) {
      const known = byToken.get(tokenHash)
      if (known !== undefined) return shadows.get(known)?.lease
      return (await load((tx) => tx.find(Leases, 'tokenHash', tokenHash)))?.lease
    },

    async admit({ leaseId, requestId, mayRepeat, bodyHash, demand }) {
      const check = (): Promise<Shadow> => checked(leaseId, requestId, mayRepeat ? bodyHash : undefined)
      let shadow = await check()
      // A shadow that was forgotten meanwhile hears of no change any more.
      while (shadows.get(leaseId) !== shadow) shadow = await check()
      // From here to the end of the reservation nothing is awaited.
      if (shadow.inFlight.has(requestId)) throw stillRunning()
      const { lease, pending, inFlight, rate } = shadow
      const now = env.now()
      assertOpen(lease, now)
      const { maxConcurrent } = effectivePolicy(lease.policy)
      if (inFlight.size >= maxConcurrent) throw tooMany(maxConcurrent)
      const { reserve, granted } = reserveFor(lease, demand, pendingSum(pending))
      rate.ready(now)
      lineRates.take(lease.creditLineId, now)
      rate.take(now)
      const callId = env.ids.next('call')
      pending.set(callId, reserve)
      inFlight.add(requestId)
      const release = (): void => {
        pending.delete(callId)
        inFlight.delete(requestId)
      }
      const opened = env.execute
        .decide(openCall, { callId, leaseId, requestId, bodyHash, reserve }, env.self)
        .then(() => undefined)
      opened.catch(release)
      let ended = false
      return {
        callId,
        granted,
        affords: (usage) => costCeiling(lease.prices, usage) <= reserve,
        opened,
        async checkpoint(usage) {
          await opened
          await env.execute.decide(checkpointCall, { callId, usage: toUsage(usage) }, env.self)
        },
        async finish({ usage, ...end }) {
          if (ended) throw new Error('a call is finished once')
          ended = true
          try {
            await opened
            const entry = { leaseId, requestId, usage: toUsage(usage), ...end }
            const { cost, seq } = await env.execute.decide(appendUsage, { entry }, env.self)
            return { cost, seq }
          } catch (error) {
            ended = false
            throw error
          } finally {
            release()
          }
        },
      }
    },

    committed(writes) {
      for (const write of writes) {
        if (write.op === 'remove') continue
        if (write.into.name === Calls.name && write.op === 'insert') {
          const call = write.entity as Call
          shadows.get(call.leaseId)?.pending.delete(call.callId)
        } else if (write.into.name === Leases.name) {
          const lease = write.entity as Lease
          // An update carries the revision it was made from; what is stored is the next.
          const stored = write.op === 'update' ? { ...lease, rev: lease.rev + 1 } : lease
          if (reading > 0) passing.set(lease.leaseId, stored)
          const shadow = shadows.get(lease.leaseId)
          if (shadow !== undefined && stored.rev >= shadow.lease.rev) shadow.lease = stored
        } else if (write.into.name === CreditLines.name && write.op === 'update') {
          const line = write.entity as CreditLine
          lineRates.learn({ ...line, rev: line.rev + 1 })
        }
      }
    },

    open: () => [...shadows.values()].reduce((sum, { inFlight }) => sum + inFlight.size, 0),
  }
}

function pendingSum(pending: ReadonlyMap<CallId, bigint>): bigint {
  let sum = 0n
  for (const reserve of pending.values()) sum += reserve
  return sum
}

/** The fixed part must fit whole, and of the stretched unit at least one. */
function reserveFor(
  lease: Lease,
  { fixed, stretch }: Demand,
  pending: bigint,
): { reserve: bigint; granted: bigint } {
  const base = costCeiling(lease.prices, fixed)
  const price =
    stretch === undefined ? undefined : lease.prices.find((p) => p.unit === stretch.unit && p.amount > 0n)
  if (stretch === undefined || price === undefined) {
    assertWithin(lease, base, pending)
    return { reserve: base, granted: stretch?.most ?? 0n }
  }
  const ceiling = (quantity: bigint): bigint => (price.amount * quantity + price.per - 1n) / price.per
  assertWithin(lease, base + ceiling(stretch.most > 0n ? 1n : 0n), pending)
  const left = lease.maxCost - lease.metered - lease.reserved - pending - base
  const affordable = (left * price.per) / price.amount
  const granted = affordable < stretch.most ? affordable : stretch.most
  return { reserve: base + ceiling(granted), granted }
}

function stillRunning(): MarketError {
  return new MarketError('E_CONFLICT', 'a call with this request id is still running', {
    details: { rule: 'in-flight' },
    hint: 'Wait for its answer, then repeat to have it replayed; it is not executed twice.',
  })
}
