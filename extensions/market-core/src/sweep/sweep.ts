/**
 * What time does (DESIGN §8): expiry, the end of draining, accrual, windows, and forgetting what is over. A sweep looks
 * only at what is due (`dueAt`), does each thing as an operation of its own, and can stop and start again anywhere.
 */
import type { Static, TObject } from '@sinclair/typebox'
import { anyCollection, type Collection } from '@openclaw-market/protocol/collection'
import { Calls, Leases, type Call, type Lease } from '@openclaw-market/protocol/entities/lease'
import { Settlements, type Settlement } from '@openclaw-market/protocol/entities/money'
import { Approvals } from '@openclaw-market/protocol/entities/policy'
import {
  Answers,
  Challenges,
  Quotes,
  Sessions,
  SpentNonces,
} from '@openclaw-market/protocol/entities/records'
import { BindingChallenges } from '@openclaw-market/protocol/entities/wallet'
import { isMarketError } from '@openclaw-market/protocol/errors'
import { toUsage } from '@openclaw-market/protocol/money/price'
import type { Principal } from '@openclaw-market/protocol/principal'
import type { Execute } from '../market/execute.ts'
import { collectDebt } from '../market/credit/collect.ts'
import { collectable } from '../market/credit/collectable.ts'
import { lapseCall } from '../market/calls/lapse.ts'
import { accrueStorage } from '../market/leases/accrue-storage.ts'
import { expireLease } from '../market/leases/expire.ts'
import { closeSettlement } from '../market/settlements/close.ts'
import { appendUsage } from '../market/usage/append.ts'
import type { MarketStore } from '../store/store.ts'

export interface SweepEnvironment {
  readonly store: MarketStore
  readonly execute: Execute
  readonly self: Extract<Principal, { kind: 'market' }>
  readonly report: (what: string, error: unknown) => void
}

export interface Swept {
  readonly processed: number
  readonly expired: number
  readonly skipped: number
  readonly errors: number
}

/** What is kept for a while only. */
const forgotten: readonly Collection[] = [
  anyCollection(Quotes),
  anyCollection(Challenges),
  anyCollection(BindingChallenges),
  anyCollection(Sessions),
  anyCollection(SpentNonces),
  anyCollection(Answers),
  anyCollection(Approvals),
]

type Outcome = 'expired' | 'done' | 'skipped' | 'error'

/** One pass over at most `limit` due objects of each kind. Lost races are skipped: the other side has done the work. */
export async function sweep(env: SweepEnvironment, now: number, limit: number): Promise<Swept> {
  const outcomes: Outcome[] = []
  const each = async <T>(
    due: readonly T[],
    what: string,
    act: (item: T) => Promise<Outcome>,
  ): Promise<void> => {
    for (const item of due) outcomes.push(await attempt(env, what, () => act(item)))
  }
  await each(await due(env.store, Calls, 'dueAt', now, limit), 'call', async (call) => {
    await env.execute.decide(lapseCall, { callId: call.callId }, env.self)
    return 'done'
  })
  await each(await due(env.store, Leases, 'dueAt', now, limit), 'lease', (lease) => advance(env, lease, now))
  await each(await closing(env.store, now, limit), 'settlement', async ({ settlementId }) => {
    await env.execute.decide(closeSettlement, { settlementId }, env.self)
    return 'done'
  })
  const debts = await env.store.read({ as: 'market' }, (tx) => collectable(tx, now, limit))
  await each(debts, 'debt', async ({ settlementId }) => {
    await env.execute.decide(collectDebt, { settlementId }, env.self)
    return 'done'
  })
  for (const of of forgotten) await forget(env.store, of, now, limit)
  const count = (outcome: Outcome): number => outcomes.filter((o) => o === outcome).length
  return {
    processed: outcomes.length,
    expired: count('expired'),
    skipped: count('skipped'),
    errors: count('error'),
  }
}

/** Leases that would end if a sweep ran now. */
export async function expiring(store: MarketStore, now: number, limit: number): Promise<readonly Lease[]> {
  const leases = await due(store, Leases, 'dueAt', now, limit)
  return leases.filter((lease) => lease.status === 'lease_active' && lease.expiresAt <= now)
}

/**
 * Calls that were open when the last process died, or that outlived the drain of their lease: what was surely delivered
 * is billed, the rest of the reserve stays frozen until the provider corrects it or the window is over.
 */
export async function abandonOpenCalls(env: SweepEnvironment, leaseId?: Lease['leaseId']): Promise<number> {
  const where = leaseId === undefined ? {} : { leaseId }
  let abandoned = 0
  for (;;) {
    const page = await env.store.read({ as: 'market' }, (tx) =>
      tx.list(Calls, { where: { ...where, status: 'call_open' as const }, limit: 200 }),
    )
    const outcomes = []
    for (const call of page.items) outcomes.push(await attempt(env, 'open call', () => abandon(env, call)))
    abandoned += outcomes.filter((outcome) => outcome === 'done').length
    if (!outcomes.includes('done')) return abandoned
  }
}

async function abandon(env: SweepEnvironment, call: Call): Promise<Outcome> {
  const { leaseId, requestId, checkpoint } = call
  const entry = { leaseId, requestId, usage: toUsage(checkpoint), outcome: 'unknown' as const }
  await env.execute.decide(appendUsage, { entry }, env.self)
  return 'done'
}

async function advance(env: SweepEnvironment, lease: Lease, now: number): Promise<Outcome> {
  const { leaseId } = lease
  if (lease.status === 'lease_ending') {
    await abandonOpenCalls(env, leaseId)
    return 'done'
  }
  if (lease.expiresAt <= now) {
    await env.execute.decide(expireLease, { leaseId }, env.self)
    return 'expired'
  }
  const { status } = await env.execute.decide(accrueStorage, { leaseId }, env.self)
  return status === 'lease_active' ? 'done' : 'expired'
}

async function due<S extends TObject>(
  store: MarketStore,
  of: Collection<S>,
  field: keyof Static<S> & string,
  now: number,
  limit: number,
): Promise<readonly Static<S>[]> {
  const page = await store.read({ as: 'market' }, (tx) =>
    tx.list(of, { atMost: { field, value: now }, order: 'due', limit }),
  )
  return page.items
}

/** Settlements whose window is over. What is owed is due, too, and is not closed but collected. */
async function closing(store: MarketStore, now: number, limit: number): Promise<readonly Settlement[]> {
  const page = await store.read({ as: 'market' }, (tx) =>
    tx.list(Settlements, {
      where: { status: 'settlement_locked' },
      atMost: { field: 'dueAt', value: now },
      order: 'due',
      limit,
    }),
  )
  return page.items
}

/** All of it, a page at a time: anybody may make such, and faster than one page a sweep. */
async function forget(store: MarketStore, of: Collection, now: number, limit: number): Promise<void> {
  for (;;) {
    const over = await due(store, of, 'dueAt', now, limit)
    if (over.length === 0) return
    await store.write(async (tx) => {
      for (const entity of over) await tx.remove(of, String(entity[of.key]))
    })
    if (over.length < limit) return
  }
}

async function attempt(env: SweepEnvironment, what: string, act: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await act()
  } catch (error) {
    if (isMarketError(error) && (error.code === 'E_CONFLICT' || error.code === 'E_NOT_FOUND'))
      return 'skipped'
    env.report(`sweep of a ${what}`, error)
    return 'error'
  }
}
