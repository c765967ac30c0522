/** Bundles both plugins to dist/, which is what the host loads. A stale bundle would be what the tests run: always rebuilt. */
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'tsdown'
import { pluginBuild } from './plugin-build.ts'

const root = join(import.meta.dirname, '..')
export const pluginDirectories = ['market-core', 'web3-core'].map((name) => join(root, 'extensions', name))

/** Built beside and then put in place, so that a gateway that boots meanwhile finds a whole bundle. */
export async function buildPlugin(directory: string): Promise<void> {
  const work = mkdtempSync(join(directory, '.dist-'))
  const [fresh, old, dist] = [join(work, 'fresh'), join(work, 'old'), join(directory, 'dist')]
  try {
    await build({ ...pluginBuild, config: false, cwd: directory, outDir: fresh, logLevel: 'error' })
    if (existsSync(dist)) renameSync(dist, old)
    renameSync(fresh, dist)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

export async function buildPlugins(): Promise<void> {
  for (const directory of pluginDirectories) await buildPlugin(directory)
}
