import { defineConfig } from 'tsdown'

/**
 * A plugin as the host wants it: one file of plain JS. The host copies every package that a plugin names as a dependency
 * at each load, so everything but its own SDK and the native SQLite goes into the bundle.
 */
export const pluginBuild = defineConfig({
  entry: { index: 'index.ts' },
  format: 'esm',
  platform: 'node',
  target: 'node24',
  dts: false,
  clean: true,
  fixedExtension: false,
  deps: { neverBundle: [/^openclaw(\/|$)/, 'better-sqlite3'], alwaysBundle: [/.*/] },
})
