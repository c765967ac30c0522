/** A market's process is killed at each of its writes, and a store's at each call to the disk; the next one has all that was acknowledged. */
import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { diceOf, replayLine, seedOfRun, sized } from '../run.ts'
import { eachOf } from './each-of.ts'
import { grounds } from './grounds.fixture.ts'
import { historyOf, saidBy } from './history.ts'
import { backends, type Job } from './job.ts'
import { problemOf } from './judge.ts'
import { checkEnded, runChild, type Around } from './record/child.ts'
import { eventsOfShim } from './record/event.ts'
import { findRecorders } from './record/recorder.ts'
import { shimAround } from './record/shim.ts'

const { atEnd, jobIn } = await grounds()
const { library } = await findRecorders(atEnd)
const seed = seedOfRun()
const kills = { writes: 0, calls: 0, bad: 0 }

/** What is wrong after the child was killed, if anything. */
async function afterKill(job: Job, around: Around = {}): Promise<string | undefined> {
  const { signal, code, stdout, stderr } = await runChild([job], around)
  if (signal !== 'SIGKILL') return `was not killed but ended with ${signal ?? code}: ${stderr}`
  const history = historyOf(saidBy(job.name, stdout))
  const problem =
    history.wrong[0] ?? (await problemOf(job, job.home, (content) => history.problemOf(content), true))
  return problem && `${job.name}: ${problem}`
}

function checkNoneBad(problems: readonly (string | undefined)[]): void {
  const bad = problems.filter((problem) => problem !== undefined)
  kills.bad += bad.length
  expect(bad.slice(0, 10), `${bad.length} bad: ${replayLine('crash')}`).toEqual([])
}

describe('a process that is killed', () => {
  // At the end of a write's work, and again when it is on disk but nobody knows: needs neither cc nor strace.
  it.each(backends)(
    'at each write of a market on %s leaves whole operations, which the next one settles',
    async (backend) => {
      const plan = { workload: 'trade', backend, seed, writes: sized(4, 40), lives: 1 } as const
      const whole = jobIn({ ...plan, name: `whole-${backend}` })
      const ran = await runChild([whole])
      checkEnded(ran)
      const { tried } = historyOf(saidBy(whole.name, ran.stdout))
      expect(tried).toBeGreaterThanOrEqual(plan.writes)
      const jobs = Array.from({ length: tried }, (_, n) => n + 1).flatMap((write) =>
        (['before', 'after'] as const).map((when) =>
          jobIn({ ...plan, name: `trade-${backend}-${when}-${write}`, kill: { write, when } }),
        ),
      )
      kills.writes += jobs.length
      checkNoneBad(await eachOf(jobs, (job) => afterKill(job)))
    },
  )

  it.each(backends)('at any call to the disk of a %s store leaves whole writes', async (backend) => {
    if (library === undefined) {
      process.stdout.write('crash: kills at calls to the disk DID NOT RUN: they need Linux with cc.\n')
      return
    }
    const plan = { workload: 'notes', backend, seed, writes: sized(12, 20), lives: 2 } as const
    const whole = jobIn({ ...plan, name: `calls-${backend}` })
    const file = `${whole.home}.record`
    checkEnded(await runChild([whole], shimAround(library, whole.home, { CRASH_RECORD: file })))
    const events = [...eventsOfShim(await readFile(file, 'utf8'))]
    const calls = events.filter(({ did }) => did !== 'said' && did !== 'begin').length
    const dice = diceOf(seed)
    const kill = sized(
      () => Array.from({ length: 4 }, () => `${1 + dice.below(calls)} ${dice.one(['before', 'after'])}`),
      () => Array.from({ length: calls }, (_, n) => [`${n + 1} before`, `${n + 1} after`]).flat(),
    )()
    kills.calls += kill.length
    checkNoneBad(
      await eachOf([...kill.entries()], ([n, when]) => {
        const job = jobIn({ ...plan, name: `call-${backend}-${n}` })
        return afterKill(job, shimAround(library, job.home, { CRASH_KILL: when }))
      }),
    )
  })

  it('is counted', () => {
    const { writes, calls, bad } = kills
    process.stdout.write(
      `crash: killed at ${writes} writes of a market and ${calls} calls of a store, ${bad} bad\n`,
    )
    expect(writes).toBeGreaterThan(0)
  })
})
