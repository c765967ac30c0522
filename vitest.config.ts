import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** One for each core: left to itself, vitest keeps one core free, which of two is half. */
const maxWorkers = Math.max(2, availableParallelism())

/**
 * Unit and integration tests stand beside the code; what drives a real gateway stands in test/; what calls the contracts, in
 * contracts/test/; searches for what must not happen, in gates/.
 */
export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/**/*.test.ts', 'extensions/**/*.test.ts', 'scripts/**/*.test.ts'],
          maxWorkers,
          // Guards against a hang; says nothing about speed.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'contracts',
          include: ['contracts/**/*.test.ts', 'gates/contracts/**/*.test.ts'],
          globalSetup: ['contracts/test/build.fixture.ts'],
          maxWorkers,
          // The chain's runtime is loaded once for all files of a worker; each makes a chain of its own.
          isolate: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'gates',
          include: ['gates/**/*.test.ts'],
          exclude: ['gates/secret/**', 'gates/contracts/**', 'node_modules/**'],
          maxWorkers,
          // The soak searches for as long as it takes.
          testTimeout: process.env['GATES'] === 'soak' ? 4 * 3_600_000 : 240_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'gateway',
          include: ['test/**/*.test.ts', 'gates/secret/**/*.test.ts'],
          globalSetup: ['test/build.fixture.ts'],
          // A booting gateway waits a third of its time, so two cores bear two files at once; a gateway is shared by its file.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 240_000,
        },
      },
    ],
    reporters: ['default'],
  },
})
