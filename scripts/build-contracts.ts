/** Compiles the contracts and writes what others need of them, as data with types, to contracts/build. */
import { compiledContracts, writeContracts } from './contract-build.ts'

writeContracts(await compiledContracts())
