/** Bundles both plugins to dist/, which is what the host loads. A stale bundle would be what the tests run: always rebuilt. */
import { join } from 'node:path'
import { build } from 'tsdown'
import { pluginBuild } from './plugin-build.ts'

const root = join(import.meta.dirname, '..')
export const pluginDirectories = ['market-core', 'web3-core'].map((name) => join(root, 'extensions', name))

export async function buildPlugin(directory: string): Promise<void> {
  await build({ ...pluginBuild, config: false, cwd: directory, logLevel: 'error' })
}

export async function buildPlugins(): Promise<void> {
  for (const directory of pluginDirectories) await buildPlugin(directory)
}
