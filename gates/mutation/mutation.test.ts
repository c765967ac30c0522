/** Every careless change to a contract is noticed by its tests, or explained. The soak tries them; here its report is checked. */
import { beforeAll, expect, it } from 'vitest'
import { sized } from '../run.ts'
import { mutantsOf, type Mutant } from './mutants.ts'
import {
  addProgress,
  basisNow,
  beginProgress,
  readProgress,
  readReport,
  writeReport,
  type Judged,
} from './report.ts'
import { readSources, treesOf } from './solidity.ts'
import { explanations } from './survivors.ts'
import { tryAll } from './trial.ts'

const sources = readSources()
const mutants = Object.entries(treesOf(sources)).flatMap(([file, tree]) => mutantsOf(file, tree, sources))
const keyOf = ({ file, start, length, replacement }: Mutant): string =>
  `${file} ${start} ${length} ${replacement}`

beforeAll(async () => {
  if (sized(true, false)) return
  const basis = basisNow()
  const judged = new Map(readProgress(basis).map((one) => [keyOf(one.mutant), one]))
  beginProgress(basis, [...judged.values()])
  const untried = mutants.filter((mutant) => !judged.has(keyOf(mutant)))
  await tryAll(untried, (mutant, verdict) => {
    const one: Judged = { mutant, verdict }
    judged.set(keyOf(mutant), one)
    addProgress(one)
    process.stdout.write(`${judged.size}/${mutants.length} ${keyOf(mutant)}: ${JSON.stringify(verdict)}\n`)
  })
  writeReport(
    basis,
    mutants.flatMap((mutant) => judged.get(keyOf(mutant)) ?? []),
    sources,
  )
}, 4 * 3_600_000)

it('the report is of these contracts and these tests', () => {
  const { basis, killed, sameCode, notContracts, survivors, mutants: tried } = readReport()
  expect(basis, 'run: npm run soak -- mutation').toEqual(basisNow())
  expect(tried).toBe(mutants.length)
  expect(killed + sameCode + notContracts + survivors.length).toBe(tried)
})

it('whatever survives is explained, and nothing else', () => {
  const { survivors } = readReport()
  expect(survivors.filter(({ because }) => because === '')).toEqual([])
  const idle = explanations.filter(
    (it) => !survivors.some(({ line, becomes }) => it.line === line && it.becomes === becomes),
  )
  expect(idle).toEqual([])
})
