/** Everything that hangs together with one lease. */
import type { EntityOf } from '@openclaw-market/protocol/collection'
import {
  Calls,
  Consents,
  Deliveries,
  Orders,
  UsageRecords,
  type Call,
  type Lease,
  type UsageRecord,
} from '@openclaw-market/protocol/entities/lease'
import {
  Accounts,
  CreditLines,
  Settlements,
  type Account,
  type CreditLine,
  type Settlement,
} from '@openclaw-market/protocol/entities/money'
import { Quotes, type Quote } from '@openclaw-market/protocol/entities/records'
import { Offers, Resources, type Offer, type Resource } from '@openclaw-market/protocol/entities/resource'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { accountId, escrow } from '../../ledger/account.ts'
import type { Books } from './books.ts'
import { eventsOf, type Tally, type Told } from './events.ts'
import type { Moved, Replay } from './transfers.ts'

/** What is signed for this market is signed to it: whose the node wallet is, and for which chain. */
export interface Audience {
  readonly market: ActorId
  readonly chainId: number
}

export interface LeasePapers {
  readonly order: EntityOf<typeof Orders>
  readonly consent: EntityOf<typeof Consents>
  readonly delivery: EntityOf<typeof Deliveries>
  readonly settlement: Settlement
  readonly resource: Resource
  readonly offer: Offer
  readonly account: Account
}

export interface LeaseUse {
  readonly lease: Lease
  /** By rising seq. */
  readonly calls: readonly Call[]
  /** By rising seq. */
  readonly records: readonly UsageRecord[]
  readonly recordsOf: ReadonlyMap<string | undefined, readonly UsageRecord[]>
}

export interface LeaseFacts extends LeaseUse, LeasePapers {
  readonly moved: Moved | undefined
  readonly told: Told
  /** The quote that its consent was given for, if that could still be used. */
  readonly quote: Quote | undefined
  /** The credit line that it draws on, if that is there. */
  readonly line: CreditLine | undefined
  readonly audience: Audience | undefined
}

/** What a lease refers to, as far as it is there. */
export type Found = { readonly [K in keyof LeasePapers]: LeasePapers[K] | undefined }

export function quoteOf(books: Books, { consent }: Found): Promise<Quote | undefined> {
  return consent?.quoteId === undefined ? Promise.resolve(undefined) : books.get(Quotes, consent.quoteId)
}

export function lineOf(books: Books, { creditLineId }: Lease): Promise<CreditLine | undefined> {
  return creditLineId === undefined ? Promise.resolve(undefined) : books.get(CreditLines, creditLineId)
}

export async function papersOf(books: Books, lease: Lease): Promise<Found> {
  const { settlementId, currency, consumerActorId } = lease
  return {
    order: await books.get(Orders, lease.orderId),
    consent: await books.get(Consents, lease.consentId),
    delivery: await books.get(Deliveries, lease.deliveryId),
    settlement: await books.get(Settlements, settlementId),
    resource: await books.get(Resources, lease.resourceId),
    offer: await books.get(Offers, lease.offerId),
    account: await books.get(Accounts, accountId(escrow(settlementId, currency, consumerActorId))),
  }
}

export async function useOf(books: Books, lease: Lease): Promise<LeaseUse> {
  const { leaseId } = lease
  const calls = await books.list(Calls, { leaseId })
  const records = await books.list(UsageRecords, { leaseId })
  calls.sort((a, b) => a.seq - b.seq)
  records.sort((a, b) => a.seq - b.seq)
  return { lease, calls, records, recordsOf: Map.groupBy(records, ({ callId }) => callId) }
}

/** All of it, when nothing is missing. */
export function factsOf(
  use: LeaseUse,
  found: Found,
  { quote, line }: Pick<LeaseFacts, 'quote' | 'line'>,
  { replay, tally, audience }: { replay: Replay; tally: Tally; audience: Audience | undefined },
): LeaseFacts | undefined {
  const { order, consent, delivery, settlement, resource, offer, account } = found
  if (order === undefined || consent === undefined || delivery === undefined) return undefined
  if (settlement === undefined || resource === undefined || offer === undefined || account === undefined)
    return undefined
  const papers = { order, consent, delivery, settlement, resource, offer, account }
  const moved = replay.references.get(settlement.settlementId)
  return { ...use, ...papers, moved, told: eventsOf(tally, use.lease.leaseId), quote, line, audience }
}
