/** Takes the enforcement of a claim away, in a copy, and looks whether its test notices. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withReplaced, type Copy } from '../copy.ts'
import type { Claim } from './claim.ts'
import { runTests } from './run-test.ts'

/** The file of a claim without what enforces it. @throws when the line does not stand there exactly once */
export function withLoss({ file, loss }: Claim, root?: string): string {
  return withReplaced({ file, ...loss }, root)
}

/** @returns what is wrong: the test does not notice; undefined when it does */
export async function survives(copy: Copy, claim: Claim): Promise<string | undefined> {
  const { file, caughtBy } = claim
  const path = join(copy.at, file)
  const before = readFileSync(path, 'utf8')
  writeFileSync(path, withLoss(claim, copy.at))
  try {
    const ran = await runTests(copy, caughtBy.file, [caughtBy.test])
    const verdict = ran.verdictOn(caughtBy.test)
    return verdict === 'failed'
      ? undefined
      : describe(claim, `with its loss the test ${said[verdict]}`, ran.said)
  } finally {
    writeFileSync(path, before)
  }
}

/** @param claims of which one file has the tests. @returns what is wrong with those, as they are without any loss */
export async function failsAnyway(copy: Copy, claims: readonly Claim[]): Promise<readonly string[]> {
  const titles = new Set(claims.map(({ caughtBy }) => caughtBy.test))
  const ran = await runTests(copy, claims[0]?.caughtBy.file ?? '', [...titles])
  return claims.flatMap((claim) => {
    const verdict = ran.verdictOn(claim.caughtBy.test)
    return verdict === 'passed' ? [] : [describe(claim, `without a loss the test ${said[verdict]}`, ran.said)]
  })
}

const said = { passed: 'passes', failed: 'fails', none: 'is not run' } as const

function describe({ claim, caughtBy }: Claim, what: string, output: string): string {
  return `"${claim}": ${what} (${caughtBy.file}, "${caughtBy.test}")\n${output.slice(-1_500)}`
}
