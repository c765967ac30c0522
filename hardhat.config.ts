import { fileURLToPath } from 'node:url'
import { defineConfig } from 'hardhat/config'

/** What the actors of the invariants do is foreseen: where something reverts, something is wrong. */
const sequences = { failOnRevert: true, shrinkRunLimit: 500 }

/** Of the gates (gates/run.ts); without one, always the same. */
const seed = `0x${Number(process.env['GATES_SEED'] ?? 20_260_301)
  .toString(16)
  .padStart(64, '0')}`

/** The compiler comes from npm: nothing is downloaded when it is used. */
export default defineConfig({
  paths: {
    sources: ['./contracts/src', './contracts/mocks'],
    tests: { solidity: './contracts/test' },
    artifacts: './contracts/artifacts',
    cache: './contracts/cache',
  },
  solidity: {
    version: '0.8.37',
    path: fileURLToPath(import.meta.resolve('solc/soljson.js')),
    settings: {
      optimizer: { enabled: true, runs: 10_000 },
      evmVersion: 'cancun',
      // The code depends on nothing but its source: it is compared with what a chain says is at an address.
      metadata: { appendCBOR: false },
    },
  },
  test: {
    solidity: {
      profiles: {
        default: { fuzz: { runs: 100, seed }, invariant: { ...sequences, runs: 12, depth: 60 } },
        soak: { fuzz: { runs: 5_000, seed }, invariant: { ...sequences, runs: 400, depth: 150 } },
      },
    },
  },
})
