import { defineConfig } from 'vitest/config'

/** Unit and integration tests stand beside the code; what drives a real gateway stands in test/; searches for what must not happen, in gates/. */
export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/**/*.test.ts', 'extensions/**/*.test.ts', 'scripts/**/*.test.ts'],
          // Guards against a hang; says nothing about speed.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'gates',
          include: ['gates/**/*.test.ts'],
          exclude: ['gates/secret/**', 'node_modules/**'],
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
          // Gateways are large: one at a time on two cores, shared by the tests of a file.
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 240_000,
        },
      },
    ],
    reporters: ['default'],
  },
})
