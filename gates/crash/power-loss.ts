/** Every moment of a record at which power may fail, some images of each, and what is wrong with those that are bad. */
import type { Dice } from '../run.ts'
import { Disk } from './disk.ts'
import { goneOf, History } from './history.ts'
import { imagesOf, nameOf } from './images.ts'
import type { Job } from './job.ts'
import { problemOf, withFiles } from './judge.ts'
import type { Event } from './record/event.ts'
import type { Said } from './told.ts'

export interface Search {
  /** Moments to look at, chosen by chance among those of the record; all when there are fewer. */
  readonly cuts: number
  readonly imagesEach: number
  /** Of so many images one has to work on. */
  readonly goesOn: number
  /** Stops at the first bad image. */
  readonly first?: boolean
  /** The first event after which power may fail. */
  readonly from?: number
}

export interface Found {
  cuts: number
  images: number
  readonly bad: string[]
}

/** What of a record is about one job. */
export function recordOf(events: readonly Event[], { name, home }: Job): readonly Event[] {
  return events.filter((event) =>
    event.did === 'said'
      ? saidIn(event)?.job === name
      : event.path === home || event.path.startsWith(`${home}/`),
  )
}

function saidIn(event: Event): Said | undefined {
  return event.did === 'said' && event.text.startsWith('{') ? (JSON.parse(event.text) as Said) : undefined
}

export async function searchRecord(
  events: readonly Event[],
  job: Job,
  dice: Dice,
  { cuts, imagesEach, goesOn, first, from = 0 }: Search,
): Promise<Found> {
  const found: Found = { cuts: 0, images: 0, bad: [] }
  const disk = new Disk(job.home)
  const history = new History(goneOf(events.flatMap((event) => saidIn(event) ?? [])))
  const seen = new Set<string>()
  const chosen = chooseCuts(events, dice, cuts, from)
  for (const [at, event] of events.entries()) {
    disk.apply(event)
    const said = saidIn(event)
    if (said !== undefined) history.hear(said)
    if (!chosen.has(at)) continue
    found.cuts++
    for (const { how, files } of imagesOf(disk, dice, imagesEach)) {
      const name = `${history.kept} ${nameOf(files)}`
      if (seen.has(name)) continue
      seen.add(name)
      found.images++
      const problem = await withFiles(files, (home) =>
        problemOf(job, home, (content) => history.problemOf(content), dice.oneIn(goesOn)),
      )
      if (problem === undefined) continue
      found.bad.push(`${job.name}, after event ${at} (${nameOfEvent(event)}), ${how}: ${problem}`)
      if (first === true) return found
    }
  }
  return found
}

function chooseCuts(events: readonly Event[], dice: Dice, most: number, from: number): ReadonlySet<number> {
  const all = events.flatMap((event, at) => (event.did === 'begin' || at < from ? [] : [at]))
  if (all.length <= most) return new Set(all)
  const chosen = new Set<number>()
  while (chosen.size < most) chosen.add(dice.one(all))
  return chosen
}

function nameOfEvent(event: Event): string {
  return event.did === 'said' ? 'said' : `${event.did} ${event.path.split('/').at(-1)}`
}
