/**
 * Power fails at any moment of a recorded history: what any disk may then hold is opened, and has all that was acknowledged,
 * nothing by half, and no rule broken. That the search would see a store which syncs too little is shown on some that do.
 */
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { diceOf, replayLine, seedOfRun, sized, type Dice } from '../run.ts'
import { inARow, leave } from './again.ts'
import { grounds, recordersFor } from './grounds.fixture.ts'
import { backends, type Backend, type Job } from './job.ts'
import { recordOf, searchRecord, type Search } from './power-loss.ts'
import { checkEnded } from './record/child.ts'
import type { Event } from './record/event.ts'

const { atEnd, jobIn } = await grounds()
const { recorders, missing } = await recordersFor('power loss', atEnd)
const seed = seedOfRun()
const seeds = Array.from({ length: sized(1, 2) }, (_, n) => seed + n)
const total = { images: 0, cuts: 0, bad: 0 }

const wide: Search = sized({ cuts: 9, imagesEach: 6, goesOn: 10 }, { cuts: 400, imagesEach: 8, goesOn: 10 })
const brief: Search = sized({ cuts: 4, imagesEach: 3, goesOn: 10 }, { cuts: 15, imagesEach: 5, goesOn: 10 })
/** As many as it takes to find the first. */
const untilBad: Search = { cuts: 10_000, imagesEach: 5, goesOn: 1_000_000, first: true }

async function checkNoneBad(events: readonly Event[], job: Job, how = wide): Promise<void> {
  const { images, cuts, bad } = await searchRecord(events, job, diceOf(job.seed), how)
  total.images += images
  total.cuts += cuts
  total.bad += bad.length
  expect(bad.slice(0, 5), `${bad.length} bad images: ${replayLine('crash')}`).toEqual([])
}

/** What each backend's promises rest on. */
const rests: Readonly<Record<Backend, readonly RegExp[]>> = {
  sqlite: [/market\.db-wal$/, /market\.db$/],
  file: [/journal-\d+\.jsonl$/, /snapshot-\d+\.jsonl\.new$/, /\/store$/],
}

/** The same history on a disk that says it has synced these, and has not: as if the store had not asked. */
function lying(events: readonly Event[], about: RegExp): readonly Event[] {
  const left = events.filter((event) => event.did !== 'synced' || !about.test(event.path))
  expect(left.length, `nothing was synced that is ${about}`).toBeLessThan(events.length)
  return left
}

/** Half of them just after a name was made or changed: until that is synced, the next process rests on what may go. */
function momentsToKill(events: readonly Event[], dice: Dice, many: number): readonly number[] {
  const named = events.flatMap(({ did }, at) => (did === 'open' || did === 'rename' ? [at + 1] : []))
  return Array.from({ length: many }, (_, n) =>
    n % 2 === 0 ? dice.one(named) : 1 + dice.below(events.length),
  )
}

it('power loss runs here, or need not', () => {
  expect(missing).toBeUndefined()
})

describe.each(recorders)('power loss, by $name', (recorder) => {
  const record = async (plan: Omit<Job, 'home' | 'keys'>) => {
    const job = jobIn(plan)
    const { events, ran } = await recorder.record([job], job.home)
    checkEnded(ran)
    return { job, events: recordOf(events, job) }
  }
  const notes = { workload: 'notes', writes: 40, lives: 2 } as const
  const recorded = new Map<string, Awaited<ReturnType<typeof record>>>()
  /** Two tests look at the same records. */
  const recordNotes = async (backend: Backend, seed: number) => {
    const name = `notes-${backend}-${seed}`
    const of = recorded.get(name) ?? (await record({ ...notes, name, backend, seed }))
    recorded.set(name, of)
    return of
  }

  it.each(backends)(
    'costs a %s store nothing, and one that leaves out a sync what it acknowledged',
    async (backend) => {
      for (const seed of seeds) {
        const { job, events } = await recordNotes(backend, seed)
        await checkNoneBad(events, job)
        for (const about of rests[backend]) {
          const { bad } = await searchRecord(lying(events, about), job, diceOf(seed), untilBad)
          expect(bad, `without syncs of ${about}: ${replayLine('crash')}`).toHaveLength(1)
        }
      }
    },
  )

  it.each(['OFF', 'NORMAL'] as const)(
    'costs SQLite with synchronous=%s what it acknowledged',
    async (synchronous) => {
      const { job, events } = await record({
        ...notes,
        name: synchronous,
        backend: 'sqlite',
        seed,
        synchronous,
      })
      const { bad } = await searchRecord(events, job, diceOf(seed), untilBad)
      expect(bad, replayLine('crash')).toEqual([expect.stringMatching(/acknowledged/)])
    },
  )

  it.each(backends)(
    'after a kill costs the next process on %s nothing, not even what it has only read',
    async (backend) => {
      for (const seed of seeds) {
        const { job, events } = await recordNotes(backend, seed)
        const killed = momentsToKill(events, diceOf(seed), sized(8, 40)).map((at, n) => {
          const plan = { ...notes, backend, seed: seed + n, writes: 2, lives: 1, child: 1 } as const
          return {
            until: events.slice(0, at),
            next: jobIn({ ...plan, name: `next-${backend}-${seed}-${n}` }),
          }
        })
        for (const { until, next } of killed) leave(until, job, next)
        const jobs = killed.map(({ next }) => next)
        const { events: after, ran } = await recorder.record(jobs, dirname(job.home))
        checkEnded(ran)
        for (const { until, next } of killed)
          await checkNoneBad(inARow(until, job, after, next), next, { ...brief, from: until.length })
      }
    },
  )

  it.each(backends)('costs a market on %s no operation, and breaks no rule', async (backend) => {
    for (const seed of seeds) {
      const plan = { workload: 'trade', backend, seed, writes: sized(14, 40), lives: 1 } as const
      const { job, events } = await record({ ...plan, name: `trade-${backend}-${seed}` })
      await checkNoneBad(events, job)
    }
  })

  it('is looked at often enough', () => {
    const { images, cuts, bad } = total
    const figures = `${images.toLocaleString('en')} images of ${cuts} moments (${recorder.name}), ${bad} bad`
    process.stdout.write(`crash: ${figures}\n`)
    expect(images).toBeGreaterThanOrEqual(sized(300, 10_000))
  })
})
