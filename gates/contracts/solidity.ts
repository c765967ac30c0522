/** Runs the tests that are written in Solidity, in this process, as they have been compiled, and says what became of each. */
import hre from 'hardhat'

export interface SolidityTest {
  /** With the types of its parameters. */
  readonly name: string
  /** Why it failed and what made it fail; undefined when it passed. */
  readonly problem: string | undefined
}

export interface SoliditySuite {
  readonly name: string
  readonly tests: readonly SolidityTest[]
}

interface Call {
  readonly signature?: string
  readonly args?: string
}

/** What the task answers, whether or not a test has failed. */
interface Ran {
  readonly suiteResults: readonly {
    readonly id: { readonly name: string }
    readonly testResults: readonly Result[]
  }[]
}

interface Result {
  readonly name: string
  readonly status: string
  readonly reason?: string
  readonly counterexample?: Call | { readonly sequence: readonly Call[] }
}

/** @param profile of hardhat.config.ts */
export async function solidityTests(
  profile: 'default' | 'soak' = 'default',
): Promise<readonly SoliditySuite[]> {
  const task = hre.tasks.getTask(['test', 'solidity'])
  const outcome = (await task.run({ noCompile: true, testProfile: profile })) as
    | { value: Ran }
    | { error: Ran }
  const { suiteResults } = 'value' in outcome ? outcome.value : outcome.error
  return suiteResults.map(({ id, testResults }) => ({
    name: id.name,
    tests: testResults.map((result) => ({ name: result.name, problem: problemOf(result) })),
  }))
}

function problemOf({ status, reason, counterexample }: Result): string | undefined {
  if (status === 'Success') return undefined
  const calls =
    counterexample === undefined
      ? []
      : 'sequence' in counterexample
        ? counterexample.sequence
        : [counterexample]
  return [
    `${status}: ${reason ?? 'no reason given'}`,
    ...calls.map(({ signature, args }) => `  ${signature ?? ''} ${args ?? ''}`),
  ].join('\n')
}
