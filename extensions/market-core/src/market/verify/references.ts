/** Ids that stand in events and answers: their prefix says what they name. */
import { anyCollection, type Collection } from '@openclaw-market/protocol/collection'
import {
  Calls,
  Consents,
  Deliveries,
  Leases,
  Orders,
  UsageRecords,
} from '@openclaw-market/protocol/entities/lease'
import {
  CreditLines,
  Deposits,
  Payouts,
  Settlements,
  Transfers,
} from '@openclaw-market/protocol/entities/money'
import { Spends } from '@openclaw-market/protocol/entities/policy'
import { Offers, Resources } from '@openclaw-market/protocol/entities/resource'
import type { IdPrefix } from '@openclaw-market/protocol/ids'
import type { Books } from './books.ts'

/** What is never removed. Quotes, sessions and approvals are, when their time is over, and allowances by their owner. */
const kept = new Map<IdPrefix, Collection>([
  ['res', anyCollection(Resources)],
  ['offer', anyCollection(Offers)],
  ['ord', anyCollection(Orders)],
  ['cons', anyCollection(Consents)],
  ['dlv', anyCollection(Deliveries)],
  ['lease', anyCollection(Leases)],
  ['call', anyCollection(Calls)],
  ['use', anyCollection(UsageRecords)],
  ['stl', anyCollection(Settlements)],
  ['line', anyCollection(CreditLines)],
  ['xfer', anyCollection(Transfers)],
  ['pay', anyCollection(Payouts)],
  ['dep', anyCollection(Deposits)],
  ['spend', anyCollection(Spends)],
])

export type Kind = IdPrefix | undefined

export function kindOf(id: string): Kind {
  const prefix = id.slice(0, Math.max(0, id.length - 27))
  for (const known of kept.keys()) if (known === prefix) return known
  return undefined
}

/** The first of these ids that names something which is kept for good and is not there. */
export async function missingOf(books: Books, ids: readonly string[]): Promise<string | undefined> {
  for (const id of ids) {
    const kind = kindOf(id)
    const of = kind === undefined ? undefined : kept.get(kind)
    if (of !== undefined && (await books.get(of, id)) === undefined) return id
  }
  return undefined
}
