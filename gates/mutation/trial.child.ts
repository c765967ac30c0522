/** In a copy of the repository: puts the code of each mutant that it is sent where the tests find the contract, and runs them. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import hre from 'hardhat'
import type { Mutant } from './mutants.ts'
import { changed, codeOf, readSources } from './solidity.ts'
import type { Verdict } from './trial.ts'

/** Whichever noticed the last one comes first: the next one stands beside it. */
let suites = ['Lock', 'Pay', 'End', 'Send', 'Batch', 'Anchor', 'Invariants']

interface Ran {
  readonly suiteResults: readonly {
    readonly testResults: readonly { readonly name: string; readonly status: string }[]
  }[]
}

const sources = readSources()
const tests = hre.tasks.getTask(['test', 'solidity'])
const original = codeOf(sources, true)

async function tried(mutant: Mutant | undefined): Promise<Verdict> {
  const text = mutant === undefined ? sources : changed(sources, mutant)
  const made = codeOf(text, false)
  if ('problem' in made) return { end: 'not a contract' }
  put(made.code)
  for (const suite of suites) {
    const by = await noticed(`contracts/test/${suite}.t.sol`)
    if (by === undefined) continue
    suites = [suite, ...suites.filter((other) => other !== suite)]
    return { end: 'killed', by }
  }
  const optimised = codeOf(text, true)
  const same = JSON.stringify(optimised) === JSON.stringify(original)
  return { end: same ? 'same code' : 'survived' }
}

function put(code: Readonly<Record<string, string>>): void {
  for (const [name, bytecode] of Object.entries(code)) {
    const path = join('contracts', 'artifacts', 'contracts', 'src', `${name}.sol`, `${name}.json`)
    const artifact = JSON.parse(readFileSync(path, 'utf8')) as object
    writeFileSync(path, JSON.stringify({ ...artifact, bytecode }))
  }
}

async function noticed(file: string): Promise<string | undefined> {
  const outcome = (await tests.run({ noCompile: true, testFiles: [file] })) as { value: Ran } | { error: Ran }
  const ran = 'value' in outcome ? outcome.value : outcome.error
  const results = ran.suiteResults.flatMap(({ testResults }) => testResults)
  if (results.length === 0) throw new Error(`${file}: no test was run`)
  return results.find(({ status }) => status === 'Failure')?.name.replace(/\(.*/, '')
}

await hre.tasks.getTask('build').run({ quiet: true })
process.on('message', (mutant: Mutant | 'unchanged') => {
  void tried(mutant === 'unchanged' ? undefined : mutant).then((verdict) => process.send?.(verdict))
})
process.send?.('ready')
