/** Each lease with everything that hangs together with it, one at a time, so that a large market fits into memory. */
import { anyCollection, type Collection } from '@openclaw-market/protocol/collection'
import {
  Calls,
  Consents,
  Deliveries,
  Leases,
  Orders,
  UsageRecords,
  type Lease,
} from '@openclaw-market/protocol/entities/lease'
import { Settlements } from '@openclaw-market/protocol/entities/money'
import type { Books } from './books.ts'
import { checkCalls } from './calls.ts'
import { escrowRules } from './escrow.ts'
import type { Tally } from './events.ts'
import {
  factsOf,
  lineOf,
  papersOf,
  quoteOf,
  useOf,
  type Audience,
  type Found,
  type LeaseFacts,
} from './facts.ts'
import { rules } from './findings.ts'
import { lifeRules } from './lease-life.ts'
import { owedRules } from './owed.ts'
import { paperRules } from './papers.ts'
import type { Replay } from './transfers.ts'
import { checkUsage } from './usage.ts'

const referenceRules = rules<Found>({
  'lease.references': (found) => {
    const missing = Object.entries(found).flatMap(([what, there]) => (there === undefined ? [what] : []))
    return missing.length === 0 || `there is no ${missing.join(', no ')} of it`
  },
})

export interface LeaseContext {
  readonly replay: Replay
  readonly tally: Tally
  readonly audience: Audience | undefined
  /** Records of each collection. */
  readonly counts: Readonly<Record<string, number>>
}

export async function checkLeases(books: Books, context: LeaseContext): Promise<void> {
  const seen = { leases: 0, calls: 0, records: 0 }
  const once = new Once(books)
  await books.each(Leases, async (lease) => {
    const use = await useOf(books, lease)
    seen.leases++
    seen.calls += use.calls.length
    seen.records += use.records.length
    checkUsage(books, use)
    checkCalls(books, use)
    const found = await papersOf(books, lease)
    books.findings.apply(referenceRules, lease.leaseId, found)
    const beside = { quote: await quoteOf(books, found), line: await lineOf(books, lease) }
    const facts = factsOf(use, found, beside, context)
    if (facts === undefined) return
    for (const each of [paperRules, escrowRules, owedRules, lifeRules])
      books.findings.apply(each, lease.leaseId, facts)
    once.leaseOf(facts)
  })
  // Each lease has one of these, and each call and record was met with its lease: only a difference is looked into.
  const strays: readonly Stray[] = [
    [anyCollection(Orders), seen.leases, (lease) => lease.orderId],
    [anyCollection(Consents), seen.leases, (lease) => lease.consentId],
    [anyCollection(Deliveries), seen.leases, (lease) => lease.deliveryId],
    [anyCollection(Settlements), seen.leases, (lease) => lease.settlementId],
    [anyCollection(Calls), seen.calls],
    [anyCollection(UsageRecords), seen.records],
  ]
  for (const [of, met, named] of strays)
    if (context.counts[of.name] !== met) await findStrays(books, of, named)
}

/** What only one lease may have. */
class Once {
  readonly #books: Books
  readonly #quotes = new Set<string>()
  /** Files belong to a consumer and a resource: under two leases at once they would accrue twice. */
  readonly #storages = new Set<string>()

  constructor(books: Books) {
    this.#books = books
  }

  leaseOf({ lease, consent }: LeaseFacts): void {
    const { leaseId, kind, endedAt, resourceId, consumerActorId } = lease
    if (consent.quoteId !== undefined && !isNew(this.#quotes, consent.quoteId))
      this.#books.findings.add('consent.once', leaseId, `${consent.quoteId} has been used before`)
    if (kind !== 'storage' || endedAt !== undefined) return
    if (!isNew(this.#storages, `${resourceId}/${consumerActorId}`))
      this.#books.findings.add('lease.storage', leaseId, `its consumer runs another lease of ${resourceId}`)
  }
}

function isNew(set: Set<string>, value: string): boolean {
  const { size } = set
  return set.add(value).size > size
}

/** A collection, how many of it were met with a lease, and by which id a lease names its only one. */
type Stray = readonly [of: Collection, met: number, named?: (lease: Lease) => string]

async function findStrays(books: Books, of: Collection, named?: (lease: Lease) => string): Promise<void> {
  await books.each(of, async (entity) => {
    const [key, leaseId] = [String(entity[of.key]), String(entity['leaseId'])]
    const lease = await books.get(Leases, leaseId)
    if (lease === undefined) books.findings.add(`${of.name}.lease`, key, `there is no lease ${leaseId}`)
    else if (named !== undefined && named(lease) !== key)
      books.findings.add(`${of.name}.lease`, key, `${leaseId} has another ${of.name}`)
  })
}
