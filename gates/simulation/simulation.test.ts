import { describe, expect, it } from 'vitest'
import { withReplaced } from '../copy.ts'
import { replayLine, seedOfRun, sized } from '../run.ts'
import { hunt, simulate } from './hunt.ts'
import { plantedBugs } from './planted-bugs.ts'

interface Figures {
  readonly steps: number
  readonly histories: number
  readonly deaths: number
  readonly stepsPerSecond: number
  readonly arrows: Readonly<Record<string, number>>
}

/** Two cores. */
const seeds = sized([seedOfRun()], [seedOfRun(), seedOfRun() + 1])
const stepsOfEach = sized(12_000, 2_000_000)
/** How often every arrow of every table must have been gone along. */
const leastTimes = sized(1, 1_000)
const huntFor = sized(20_000, 400_000)
const hunted = plantedBugs.filter((bug) => bug.quick === true || sized(false, true))

const figure = (value: number): string => value.toLocaleString('en')

describe('a simulated market', () => {
  it('breaks no law in any history, and goes along every arrow of every table', async () => {
    const args = (seed: number): string[] => ['--seed', `${seed}`, '--steps', `${stepsOfEach}`]
    const runs = await Promise.all(seeds.map((seed) => simulate(args(seed))))
    for (const { status, said } of runs) expect(status, `${said}\n${replayLine('simulation')}`).toBe(0)
    const told = runs.map(({ said }) => JSON.parse(said) as Figures)
    const total = (of: (figures: Figures) => number): number => told.reduce((sum, each) => sum + of(each), 0)
    const times = Object.keys(told[0]?.arrows ?? {}).map(
      (arrow) => [arrow, total(({ arrows }) => arrows[arrow] ?? 0)] as const,
    )
    const least = times.reduce((a, b) => (b[1] < a[1] ? b : a))
    expect(
      times.filter(([, so]) => so < leastTimes),
      replayLine('simulation'),
    ).toEqual([])
    expect(total(({ steps }) => steps)).toBeGreaterThanOrEqual(stepsOfEach * seeds.length)
    const [steps, histories, deaths] = [
      total((f) => f.steps),
      total((f) => f.histories),
      total((f) => f.deaths),
    ]
    console.log(
      `simulation: ${figure(steps)} steps in ${figure(histories)} histories, ${figure(deaths)} deaths, 0 wrong; ` +
        `${times.length} arrows, the rarest (${least[0]}) ${figure(least[1])} times`,
    )
  })
})

describe('planted bugs', () => {
  it('are twenty-three, each a line that stands in its file once', () => {
    expect(new Set(plantedBugs.map(({ name }) => name)).size).toBe(23)
    for (const bug of plantedBugs) expect(withReplaced(bug)).toContain(bug.replacement)
  })

  it('are found', async () => {
    const waiting = [...hunted]
    const missed: string[] = []
    const worker = async (): Promise<void> => {
      for (let bug = waiting.shift(); bug !== undefined; bug = waiting.shift()) {
        const { status, said } = await hunt(bug, ['--seed', `${seedOfRun()}`, '--steps', `${huntFor}`])
        if (status !== 1 || !said.includes('\nreplay: ')) missed.push(`${bug.name}: ${said.slice(0, 2_000)}`)
      }
    }
    await Promise.all([worker(), worker()])
    expect(missed, replayLine('simulation')).toEqual([])
    console.log(`simulation: ${hunted.length} of ${hunted.length} planted bugs found`)
  })
})
