/** One byte of a store is another: it refuses and says so, or the byte meant nothing. What it gives is never something else. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isMarketError } from '@openclaw-market/protocol/errors'
import { diceOf, replayLine, seedOfRun, sized, type Dice } from '../run.ts'
import { contentOf } from './content.ts'
import { grounds } from './grounds.fixture.ts'
import { historyOf, saidBy, type History } from './history.ts'
import { backends, storeIn, type Job } from './job.ts'
import { openJobStore, withFiles } from './judge.ts'
import { checkEnded, runChild } from './record/child.ts'

const { jobIn } = await grounds()
const seed = seedOfRun()
const flips = { refused: 0, same: 0, bad: 0 }

/** What stands in the store's directory, as files of an image. */
function filesOf(job: Job): ReadonlyMap<string, Buffer> {
  const files = new Map([
    ['data/', Buffer.alloc(0)],
    ['data/store/', Buffer.alloc(0)],
  ])
  const directory = storeIn(job.home)
  for (const name of readdirSync(directory))
    files.set(`data/store/${name}`, readFileSync(join(directory, name)))
  return files
}

/** 'refused', 'same', or what is wrong. */
async function verdictOn(job: Job, home: string, history: History): Promise<string> {
  try {
    const store = await openJobStore(job, home)
    try {
      return history.problemOf(await contentOf(store)) ?? 'same'
    } finally {
      await store.close()
    }
  } catch (error) {
    if (!isMarketError(error)) return `ends in ${String(error)}`
    const text = `${error.message} ${error.hint ?? ''}`
    if (error.code !== 'E_UNAVAILABLE' || error.hint === undefined) return `refuses as ${error.code} ${text}`
    return text.includes(home) ? `tells a path: ${text}` : 'refused'
  }
}

function positions(dice: Dice, length: number): readonly number[] {
  const most = sized(24, 2_000)
  if (length <= most) return Array.from({ length }, (_, n) => n)
  // Ends of files are where damage is mistaken for a write that was cut short.
  const near = Math.min(length, 600)
  return Array.from({ length: most }, (_, n) =>
    n % 3 === 0 ? length - 1 - dice.below(near) : dice.below(length),
  )
}

describe.each(backends)('a byte of a %s store that is flipped', (backend) => {
  it.each(['closed', 'killed'] as const)('after it was %s is refused or means nothing', async (how) => {
    const dice = diceOf(seed)
    const kill = how === 'killed' ? { kill: { write: 18, when: 'after' } as const } : {}
    const job = jobIn({
      name: `${how}-${backend}`,
      workload: 'notes',
      backend,
      seed,
      writes: 40,
      lives: 1,
      ...kill,
    })
    const ran = await runChild([job])
    if (how === 'closed') checkEnded(ran)
    else expect(ran.signal, ran.stderr).toBe('SIGKILL')
    const history = historyOf(saidBy(job.name, ran.stdout))
    expect(history.wrong).toEqual([])
    // Whoever finds it whole reads it, and from then on nothing of it may go.
    const files = filesOf(job)
    expect(await withFiles(files, (home) => verdictOn(job, home, history))).toBe('same')
    const bad: string[] = []
    for (const [path, bytes] of files) {
      for (const position of positions(dice, bytes.length)) {
        const flipped = Buffer.from(bytes)
        flipped[position] = (flipped[position] ?? 0) ^ (1 + dice.below(255))
        const verdict = await withFiles(new Map([...files, [path, flipped]]), (home) =>
          verdictOn(job, home, history),
        )
        if (verdict === 'refused' || verdict === 'same') flips[verdict]++
        else bad.push(`${job.name}, ${path}, byte ${position} of ${bytes.length}: ${verdict}`)
      }
    }
    flips.bad += bad.length
    expect(bad.slice(0, 20), `${bad.length} bad: ${replayLine('crash')}`).toEqual([])
  })
})

describe('flipped bytes', () => {
  it('are counted', () => {
    const { refused, same, bad } = flips
    process.stdout.write(
      `crash: ${refused + same + bad} bytes flipped: ${refused} refused, ${same} without meaning, ${bad} bad\n`,
    )
    expect(refused).toBeGreaterThan(0)
  })
})
