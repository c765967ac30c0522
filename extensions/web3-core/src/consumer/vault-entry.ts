/** What the vault keeps of a lease, and for how long. */
import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import { SessionKey } from '@openclaw-market/protocol/entities/policy'
import { LeaseId, OrderId, ResourceId } from '@openclaw-market/protocol/ids'
import { resourceKinds } from '@openclaw-market/protocol/money/units'
import {
  ActorId,
  Amount,
  closed,
  CurrencySymbol,
  line,
  literals,
  RequestId,
  Sha256Hex,
  Timestamp,
} from '@openclaw-market/protocol/schema/scalars'
import { EndWish } from './end-wish.ts'

export const StoredEntry = closed({
  /** SHA-256 of the token's text: what the market knows the lease by. */
  tokenHash: Sha256Hex,
  token: Type.String({ pattern: '^tok_[A-Za-z0-9_-]{43}$' }),
  state: literals(['pending', 'active', 'closed']),
  /** The market's name in this gateway's config. */
  market: line(1, 64),
  /** Where the provider serves; absent on this gateway's own market. */
  baseUrl: Type.Optional(line(1, 2_048)),
  leaseId: Type.Optional(LeaseId),
  orderId: Type.Optional(OrderId),
  /** The conversation that it was opened for, and ends with. */
  sessionKey: Type.Optional(SessionKey),
  providerActorId: Type.Optional(ActorId),
  resourceId: ResourceId,
  kind: literals(resourceKinds),
  label: Type.Optional(line(1, 80)),
  idempotencyKey: RequestId,
  /** Of the request that it was made for: the same key with another one is refused. */
  requestHash: Type.Optional(Sha256Hex),
  maxCost: Type.Optional(Amount),
  currency: Type.Optional(CurrencySymbol),
  expiresAt: Type.Optional(Timestamp),
  /** While its market has not confirmed the end that the owner wishes; meanwhile the lease is not used. */
  ending: Type.Optional(EndWish),
  createdAt: Timestamp,
  closedAt: Type.Optional(Timestamp),
})
export type StoredEntry = Readonly<Static<typeof StoredEntry>>

/** An entry as everyone but the bearer of its token sees it. */
export type VaultEntry = Omit<StoredEntry, 'token'>

/** By token hash. */
export type Entries = ReadonlyMap<string, StoredEntry>

export function withoutToken(stored: StoredEntry): VaultEntry {
  const { token: _, ...entry } = stored
  return entry
}

export function entryOfLease(entries: Entries, leaseId: LeaseId): StoredEntry | undefined {
  return [...entries.values()].find((entry) => entry.leaseId === leaseId)
}

/** Pending and active entries together. */
export const maxLive = 5_000
export const maxClosed = 500
/** What was stored outlives its lease by at most a year (keepFilesDays), and may need the token for as long. */
export const keptMs = 370 * 86_400_000

/**
 * Without the entries that nobody will ask for again: closed or expired for long, or beyond the newest closed ones.
 * Pending entries stay however old they are: only the market knows what became of them.
 */
export function pruned(entries: Entries, now: number): Map<string, StoredEntry> {
  const endedAt = (entry: StoredEntry): number | undefined =>
    entry.state === 'closed'
      ? (entry.closedAt ?? entry.createdAt)
      : entry.state === 'active'
        ? entry.expiresAt
        : undefined
  const young = [...entries].filter(([, entry]) => (endedAt(entry) ?? now) > now - keptMs)
  const closedOnes = young.map(([, entry]) => entry).filter(({ state }) => state === 'closed')
  const surplus = closedOnes
    .sort((a, b) => (b.closedAt ?? b.createdAt) - (a.closedAt ?? a.createdAt))
    .slice(maxClosed)
    .map(({ tokenHash }) => tokenHash)
  const kept = new Map(young)
  for (const tokenHash of surplus) kept.delete(tokenHash)
  return kept
}
