/** Compiles the contracts, and what they meet in tests, once for all files of this project. */
import { compiledContracts } from '../../scripts/contract-build.ts'

export default async function build(): Promise<void> {
  await compiledContracts()
}
