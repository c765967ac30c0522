/**
 * Runs histories of a simulated market, by itself: `node gates/simulation/main.ts --seed 17 --steps 100000` draws as many
 * histories as it takes; `--history 42 --at 120` replays one up to its 120th step. Prints one JSON line of figures, or what
 * went wrong and the line that replays it, and exits with 1.
 */
import { parseArgs } from 'node:util'
import { diceOf } from '../run.ts'
import { noArrows, type Arrows } from './arrows.ts'
import { history, type Told } from './history.ts'
import { count } from './world.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '10000' },
    history: { type: 'string' },
    at: { type: 'string' },
    ends: { type: 'boolean', default: false },
  },
})
/** Short ones say soon what is wrong; long ones come to what is rare. */
const lengths = [200, 400, 400, 800]

function replay(seed: number, steps: number): string {
  return `node scripts/with-workspace.mjs gates/simulation/main.ts --history ${seed} --at ${steps}`
}

/** A history that goes wrong only when it is settled is repeated with fewer steps, as long as it still does. */
async function shortest(
  seed: number,
  length: number,
  told: Told,
): Promise<{ readonly steps: number; readonly told: Told }> {
  let best = { steps: Math.min(told.steps, length), told }
  if (told.steps < length) return best
  for (let steps = 1; steps < best.steps; steps = Math.ceil(steps * 1.3)) {
    const shorter = await history(seed, steps)
    if (shorter.findings.length > 0) best = { steps: Math.min(steps, shorter.steps), told: shorter }
  }
  return best
}

async function fail(seed: number, length: number, first: Told): Promise<never> {
  const { steps, told } =
    values.history === undefined ? await shortest(seed, length, first) : { steps: first.steps, told: first }
  const lines = [
    ...told.findings.slice(0, 8),
    `the last steps: ${told.trace.slice(-12).join(', ')}`,
    `replay: ${replay(seed, steps)}`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  process.exit(1)
}

const began = performance.now()
const arrows: Arrows = noArrows()
const ends = new Map<string, number>()
let [steps, histories, deaths] = [0, 0, 0]

async function tell(seed: number, most: number): Promise<void> {
  const told = await history(seed, most)
  steps += told.steps
  histories += 1
  deaths += told.deaths
  for (const [arrow, times] of told.arrows) count(arrows, arrow, times)
  for (const [end, times] of told.ends) count(ends, end, times)
  if (told.findings.length > 0) await fail(seed, most, told)
}

if (values.history === undefined) {
  const dice = diceOf(Number(values.seed))
  while (steps < Number(values.steps)) await tell(dice.below(2 ** 31), dice.one(lengths))
} else await tell(Number(values.history), Number(values.at ?? 400))

const seconds = (performance.now() - began) / 1_000
const figures = {
  steps,
  histories,
  deaths,
  stepsPerSecond: Math.round(steps / seconds),
  arrows: Object.fromEntries(arrows),
  ...(values.ends
    ? { ends: Object.fromEntries([...ends.keys()].sort().map((end) => [end, ends.get(end)])) }
    : {}),
}
process.stdout.write(`${JSON.stringify(figures)}\n`)
