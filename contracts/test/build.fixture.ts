/** Compiles the contracts, what they meet in tests, and the tests that are written in Solidity, once for all files of this project. */
import hre from 'hardhat'

export default async function build(): Promise<void> {
  await hre.tasks.getTask('build').run({ quiet: true })
}
