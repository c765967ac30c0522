/** A disk that fails at any of its calls: each write is kept, refused or said to be unknown, and nothing that was acknowledged goes. */
import { describe, expect, it } from 'vitest'
import { diceOf, replayLine, seedOfRun, sized } from '../run.ts'
import { eachOf } from './each-of.ts'
import { grounds, recordersFor } from './grounds.fixture.ts'
import { historyOf, saidBy } from './history.ts'
import { backends, type Job } from './job.ts'
import { problemOf } from './judge.ts'
import { recordOf, searchRecord } from './power-loss.ts'
import { checkEnded, runChild } from './record/child.ts'
import type { Event } from './record/event.ts'
import type { Fault, Recorder } from './record/recorder.ts'

const { atEnd, jobIn } = await grounds()
const { recorders, missing } = await recordersFor('a disk that fails', atEnd)
const seed = seedOfRun()
const total = { faults: 0, refusals: 0, images: 0, bad: 0 }

/** Every way in which a call may fail, once and from then on. */
function faultsOf(name: Recorder['name'], events: readonly Event[]): readonly Fault[] {
  const many = (...dids: readonly Event['did'][]): number =>
    events.filter(({ did }) => dids.includes(did)).length
  const counts = {
    write: many('write'),
    sync: many('begin'),
    name: name === 'shim' ? many('open', 'rename', 'unlink', 'mkdir') : many('rename'),
    truncate: many('truncate'),
  }
  const faults: Fault[] = []
  for (const calls of ['write', 'sync', 'name', 'truncate'] as const) {
    const half = calls === 'write' && name === 'shim' ? (['half'] as const) : []
    for (const error of ['EIO', 'ENOSPC', ...half] as const)
      for (let first = 1; first <= counts[calls]; first++)
        for (const last of [first, Infinity]) faults.push({ calls, error, first, last })
  }
  return faults
}

/** What is wrong with the run, with what it left, or with what a power failure would have left of that; if anything. */
async function problemWith(recorder: Recorder, job: Job, fault: Fault): Promise<string | undefined> {
  const { events, ran } = await recorder.record([job], job.home, fault)
  const history = historyOf(saidBy(job.name, ran.stdout))
  total.refusals += history.refusals
  if (ran.code !== 0) return `the process ended with ${ran.signal ?? ran.code}: ${ran.stderr}`
  const problem =
    history.wrong[0] ?? (await problemOf(job, job.home, (content) => history.problemOf(content), true))
  if (problem !== undefined) return problem
  const search = { cuts: 6, imagesEach: 3, goesOn: 4 }
  const { images, bad } = await searchRecord(recordOf(events, job), job, diceOf(seed + fault.first), search)
  total.images += images
  return bad[0]
}

/** Needs neither cc nor strace, and knows less: what Node is asked for, and a file of SQLite that may not grow. */
describe('a disk that fails under Node', () => {
  it('costs nothing that was acknowledged, and the stores say so', async () => {
    const dice = diceOf(seed)
    const plan = { workload: 'notes', seed, writes: 16, lives: 2 } as const
    const faults = (['write', 'sync', 'name', 'truncate'] as const).flatMap((calls) =>
      (['EIO', 'ENOSPC'] as const).flatMap((error) =>
        Array.from({ length: sized(2, 40) }, (): Fault => {
          const first = 1 + dice.below(calls === 'name' ? 4 : 16)
          return { calls, error, first, last: dice.oneIn(2) ? first : 1_000_000 }
        }),
      ),
    )
    const jobs = [
      ...faults.map((fault, n) => jobIn({ ...plan, name: `node-${n}`, backend: 'file', fault })),
      ...[9, 14, 20, 30].map((pages) => jobIn({ ...plan, name: `pages-${pages}`, backend: 'sqlite', pages })),
    ]
    const ran = await runChild(jobs)
    checkEnded(ran)
    const bad: string[] = []
    let refusals = 0
    for (const job of jobs) {
      const history = historyOf(saidBy(job.name, ran.stdout))
      refusals += history.refusals
      const problem =
        history.wrong[0] ?? (await problemOf(job, job.home, (content) => history.problemOf(content), true))
      if (problem !== undefined) bad.push(`${job.name} ${JSON.stringify(job.fault)}: ${problem}`)
    }
    process.stdout.write(`crash: ${jobs.length} faults (Node), ${refusals} refusals, ${bad.length} bad\n`)
    expect(bad.slice(0, 10), `${bad.length} bad: ${replayLine('crash')}`).toEqual([])
    expect(refusals).toBeGreaterThan(10)
  })
})

it('a disk that fails runs here, or need not', () => {
  expect(missing).toBeUndefined()
})

describe.each(recorders)('a disk that fails, by $name', (recorder) => {
  it.each(backends)(
    'under a %s store costs nothing that was acknowledged, and the store says so',
    async (backend) => {
      const plan = { workload: 'notes', backend, seed, writes: 16, lives: 2 } as const
      const calm = jobIn({ ...plan, name: `calm-${backend}` })
      const { events } = await recorder.record([calm], calm.home)
      const all = faultsOf(recorder.name, events)
      const dice = diceOf(seed)
      const faults = Array.from({ length: sized(5, 400) }, () => dice.one(all))
      const bad: string[] = []
      await eachOf([...faults.entries()], async ([n, fault]) => {
        const job = jobIn({ ...plan, name: `fault-${backend}-${n}` })
        const problem = await problemWith(recorder, job, fault)
        if (problem !== undefined) bad.push(`${JSON.stringify(fault)}: ${problem}`)
      })
      total.faults += faults.length
      total.bad += bad.length
      expect(bad.slice(0, 10), `${bad.length} bad: ${replayLine('crash')}`).toEqual([])
    },
  )

  it('is met often enough', () => {
    const { faults, refusals, images, bad } = total
    process.stdout.write(
      `crash: ${faults} faults (${recorder.name}), ${refusals} refusals, ${images} images of failed disks, ${bad} bad\n`,
    )
    expect(refusals).toBeGreaterThan(0)
  })
})
