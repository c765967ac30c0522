/** When time acts on a lease next. One field, so that a sweep looks at what is due and at nothing else. */
import type { Lease } from '@openclaw-market/protocol/entities/lease'
import type { Resource } from '@openclaw-market/protocol/entities/resource'
import type { Kept } from './kept-files.ts'
import type { Prices } from '@openclaw-market/protocol/money/price'

export const accrualIntervalMs = 3_600_000

export function accrues(prices: Prices): boolean {
  return prices.some((price) => price.unit === 'gb_day')
}

export function firstDue(
  resource: Resource,
  { storedBytes, byteMs }: Kept,
  now: number,
  expiresAt: number,
): Pick<Lease, 'dueAt' | 'accruedAt' | 'storedBytes' | 'byteMs'> {
  if (resource.kind !== 'storage') return { dueAt: expiresAt }
  if (!accrues(resource.prices)) return { dueAt: expiresAt, storedBytes }
  return { dueAt: Math.min(expiresAt, now + accrualIntervalMs), accruedAt: now, storedBytes, byteMs }
}

export function nextDue(lease: Lease, now: number): number {
  return lease.accruedAt === undefined ? lease.expiresAt : Math.min(lease.expiresAt, now + accrualIntervalMs)
}
