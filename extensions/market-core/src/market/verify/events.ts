/** The log: each event is about what there is, and what happened to an object has left its events. */
import type { EntityOf } from '@openclaw-market/protocol/collection'
import { Events } from '@openclaw-market/protocol/entities/records'
import type { Books } from './books.ts'
import { rules } from './findings.ts'
import { kindOf, missingOf } from './references.ts'

/** How often each type of event names an object. */
export type Told = ReadonlyMap<string, number>

/** Of leases, deposits, payouts, resources and credit lines. */
export type Tally = ReadonlyMap<string, Told>

const nothing: Told = new Map()

export function eventsOf(tally: Tally, id: string): Told {
  return tally.get(id) ?? nothing
}

interface EventFacts {
  readonly event: EntityOf<typeof Events>
  readonly missing: string | undefined
}

const eventRules = rules<EventFacts>({
  'event.type': ({ event }) =>
    /^((market|web3)(\.[A-Za-z]+)+|host\.[a-z_]+)$/.test(event.type) || 'is of no operation',
  'event.actor': ({ event }) => event.actorId !== undefined || 'names nobody who did it',
  'event.subjects': ({ missing }) =>
    missing === undefined || `is about ${missing}, and there is no such thing`,
})

const tallied: ReadonlySet<string | undefined> = new Set(['lease', 'dep', 'pay', 'res', 'line'])

export async function checkEvents(books: Books): Promise<Tally> {
  const tally = new Map<string, Map<string, number>>()
  await books.each(Events, async (event) => {
    const { type, subjects } = event
    // A usage entry that was told before is answered again and records nothing.
    const repeated = type === 'market.ledger.append' && !subjects.some((subject) => kindOf(subject) === 'use')
    for (const subject of subjects) {
      if (repeated || !tallied.has(kindOf(subject))) continue
      let told = tally.get(subject)
      if (told === undefined) tally.set(subject, (told = new Map<string, number>()))
      told.set(type, (told.get(type) ?? 0) + 1)
    }
    books.findings.apply(eventRules, event.eventId, { event, missing: await missingOf(books, subjects) })
  })
  return tally
}
