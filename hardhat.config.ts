import { fileURLToPath } from 'node:url'
import { defineConfig } from 'hardhat/config'

/** What the actors of the invariants do is foreseen: where something reverts, something is wrong. */
const sequences = { failOnRevert: true, shrinkRunLimit: 500 }

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
        default: { fuzz: { runs: 100 }, invariant: { ...sequences, runs: 12, depth: 60 } },
        soak: { fuzz: { runs: 5_000 }, invariant: { ...sequences, runs: 400, depth: 150 } },
      },
    },
  },
})
