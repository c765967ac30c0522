/** A process that is killed at one moment of a record, and the next one over what it left: two records in a row. */
import { writeFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Disk } from './disk.ts'
import type { Job } from './job.ts'
import { recordOf } from './power-loss.ts'
import type { Event } from './record/event.ts'
import type { Said } from './told.ts'

/** Puts into the directory of `next` what a process leaves that is killed there: a kill costs nothing that was written. */
export function leave(events: readonly Event[], job: Job, next: Job): void {
  const disk = new Disk(job.home)
  for (const event of events) disk.apply(event)
  for (const [path, bytes] of disk.image({ keeps: () => true })) {
    if (path.endsWith('/')) mkdirSync(join(next.home, path), { mode: 0o700 })
    else writeFileSync(join(next.home, path), bytes, { mode: 0o600 })
  }
}

/** The record of the one, as if it had been of the directory of the next, and then that of the next. */
export function inARow(
  events: readonly Event[],
  job: Job,
  after: readonly Event[],
  next: Job,
): readonly Event[] {
  const moved = (path: string): string => next.home + path.slice(job.home.length)
  const first = events.map((event): Event => {
    if (event.did === 'said')
      return { did: 'said', text: JSON.stringify({ ...(JSON.parse(event.text) as Said), job: next.name }) }
    if (event.did === 'rename') return { ...event, path: moved(event.path), to: moved(event.to) }
    return { ...event, path: moved(event.path) }
  })
  return [...first, ...recordOf(after, next).map(later)]
}

/** Another process counts its syncs from the start. */
function later(event: Event): Event {
  return 'sync' in event ? { ...event, sync: event.sync + 1_000_000_000 } : event
}
