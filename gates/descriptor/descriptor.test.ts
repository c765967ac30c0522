/**
 * Programs that see one file, the document that the market gives of itself, against a real market: whatever it promises of
 * its parameters, answers, errors, doors, prerequisites and effects is tried. They import nothing of ours.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { replayLine, sized } from '../run.ts'
import type { Actor } from './actor.ts'
import type { Answer, Document } from './document.ts'
import { examples, groups, otherDoors, withoutMarket, withoutOwner, withoutWallet } from './doors.fixture.ts'
import { fuzz } from './fuzz.fixture.ts'
import { scoresOf } from './lint.ts'
import { recorded } from './recorder.ts'
import { startRun } from './run.fixture.ts'
import { tour } from './tour.fixture.ts'
import { describing, gateWorld, readDocument, type GateWorld } from './world.fixture.ts'

const doors = ['gateway', 'tool', 'api'] as const
/** Good enough to be read by whoever has nothing else. */
const leastScore = 95
/** What no program tries: the purpose, when to use and when not, the cost, what errors and predicates mean. The lint reads it. */
const proseOnly = [
  'errors/*',
  'next/*/when',
  'pricing/units',
  'pricing/units/*',
  'pricing/upperBound',
  'returns/meaning',
  'summary',
  'whenNotToUse',
  'whenToUse',
]
  .map((field) => `/capabilities/*/${field}`)
  .concat('/everyCall/anyDoor/*', '/everyCall/api/*', '/predicates/*/means')
const figures = { calls: 0, mutations: 0, constraints: 0, implied: 0, lowest: 100 }

afterAll(() => {
  const { calls, mutations, constraints, implied, lowest } = figures
  process.stdout.write(
    `descriptor: ${calls} valid calls, ${mutations} mutations of ${constraints} constraints (${implied} implied), lowest score ${lowest}, 0 bad\n`,
  )
})

const actorAt = (gate: GateWorld, door: (typeof doors)[number]): Actor | Promise<Actor> =>
  door === 'api' ? gate.stranger() : gate.owner(door)

// Whatever a tool reaches, the owner's programs reach as well, by the same code: the narrower of the two waits for the soak.
it.each(sized<readonly (typeof doors)[number][]>(['gateway', 'api'], doors))(
  `valid calls and broken ones through the door %s (${replayLine('descriptor')})`,
  async (door) => {
    for (const store of sized(['sqlite'] as const, ['sqlite', 'file'] as const)) {
      const gate = await gateWorld({ sold: true, store })
      const { document } = await readDocument(gate)
      const raw = await actorAt(gate, door)
      const run = startRun(gate, document, [raw], doors.indexOf(door))
      for (const actor of run.actors) {
        const { mutations, sites, implied } = await fuzz(run, actor, raw)
        expect(mutations).toBeGreaterThanOrEqual(sites)
        figures.mutations += mutations
        figures.constraints += sites
        figures.implied += implied
      }
      figures.calls += run.counted.calls
    }
  },
)

it('every field is there for somebody: what it says is tried, or it is prose that is scored', async () => {
  let gate = await gateWorld({ sold: true })
  const { document: plain, fields } = await readDocument(gate)
  const { view: document, seen } = recorded(plain, fields)
  for (const door of doors) {
    gate = await gateWorld({ sold: true })
    const raw = await actorAt(gate, door)
    const run = startRun(gate, document, [raw])
    for (const actor of run.actors) {
      const { given } = await tour(run, actor)
      // An outside wallet that may publish over nothing cannot publish or take back, nor lend; nor is the budget its own.
      expect(given).toBe(door === 'api' ? 6 : 0)
      await run.planner.achieve(actor, { is: 'wallet_proved' })
      await otherDoors(run, raw)
      await examples(run, actor, raw)
    }
    if (door === 'tool') await withoutOwner(run, gate.guest())
    if (door === 'api') await withoutWallet(run, { ...raw, headers: new Map() })
    if (door === 'gateway')
      await groups(run, (group) => gate.world.call(describing, { group }) as Promise<Answer>)
    figures.calls += run.counted.calls
  }
  await gate.world.stopMarket()
  const stopped = recorded((await readDocument(gate)).document, fields)
  for (const door of ['gateway', 'tool', 'api'] as const)
    await withoutMarket(stopped.view, gate.stopped(door), [])
  gate = await gateWorld({ sold: false, fallback: { search: 'docs', storage: 'disk' }, heard: true })
  await gate.world.stopMarket()
  const alone = recorded((await readDocument(gate)).document, fields)
  for (const door of ['gateway', 'tool'] as const)
    await withoutMarket(alone.view, gate.stopped(door), ['own', 'seen'])
  const outside = await gate.stopped('api').call(describing, { answers: 'schema' }, {})
  await withoutMarket(outside as unknown as Document, gate.stopped('api'), ['own', 'seen'])

  const tried = new Set([...seen, ...stopped.seen, '/hash', '/tokens'])
  const scored = recorded(plain, fields)
  const scores = scoresOf(scored.view)
  figures.lowest = Math.min(...scores.map(({ score }) => score))
  expect(
    scores.filter(({ score }) => score < leastScore),
    'descriptors that are not good enough',
  ).toEqual([])
  const prose = [...fields].filter((field) => !tried.has(field) && scored.seen.has(field))
  expect([...fields].filter((field) => !tried.has(field) && !scored.seen.has(field))).toEqual([])
  expect(prose.sort()).toEqual(proseOnly)
})

it('the programs import nothing of ours', () => {
  const here = import.meta.dirname
  const programs = readdirSync(here).filter((name) => !/\.(test|fixture)\.ts$/.test(name))
  expect(programs.length).toBeGreaterThan(8)
  for (const program of programs) {
    const text = readFileSync(join(here, program), 'utf8')
    for (const [, from = ''] of text.matchAll(/(?:from|import\()\s*'([^']+)'/g)) {
      const allowed =
        programs.includes(from.replace('./', '')) ||
        ['ajv/dist/2020.js', 'fast-check', 'viem'].includes(from) ||
        builtinModules.includes(from.replace('node:', ''))
      expect(allowed, `${program} imports ${from}`).toBe(true)
    }
    expect(text, program).not.toMatch(/web3\.|'(resourceId|leaseId|quoteId|tokenHash|maxCost|ttlMs)'/)
  }
})
