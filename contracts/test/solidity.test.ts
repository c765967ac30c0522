/** The tests that are written in Solidity (contracts/test/*.t.sol), each as one of these. */
import { describe, expect, it } from 'vitest'
import { solidityTests } from './solidity.fixture.ts'

const suites = await solidityTests()

it('each function and each invariant has its tests', () => {
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
    expect(problem).toBeUndefined()
  })
})
