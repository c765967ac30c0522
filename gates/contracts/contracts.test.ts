/** The tests that are written in Solidity (contracts/test/*.t.sol), each as one of these: large in the soak, from a new seed. */
import { describe, expect, it } from 'vitest'
import { replayLine, sized } from '../run.ts'
import { solidityTests } from './solidity.ts'

const suites = await solidityTests(sized('default', 'soak'))

it('the functions and the invariants have their tests', () => {
  expect(suites.map(({ name }) => name).toSorted()).toEqual([
    'AnchorTest',
    'BatchTest',
    'EndTest',
    'InvariantsTest',
    'LockTest',
    'PayTest',
    'SendTest',
  ])
})

describe.each(suites)('$name', ({ tests }) => {
  it.each(tests)('$name', ({ problem }) => {
    expect(problem, replayLine('contracts')).toBeUndefined()
  })
})
