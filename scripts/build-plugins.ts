/** Bundles both plugins to dist/, which is what the host loads. A stale bundle would be what the tests run: always rebuilt. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'tsdown'
import { pluginBuild } from './plugin-build.ts'

const root = join(import.meta.dirname, '..')
export const pluginDirectories = ['market-core', 'web3-core'].map((name) => join(root, 'extensions', name))

/**
 * Built beside and then put in place, so that a gateway that boots meanwhile finds a whole bundle. Beside the plugin, not in
 * it: the host copies a plugin's folder as it loads it, and what vanishes in between would fail it.
 */
export async function buildPlugin(directory: string): Promise<void> {
  const work = mkdtempSync(join(directory, '..', '.dist-'))
  const [fresh, old, dist] = [join(work, 'fresh'), join(work, 'old'), join(directory, 'dist')]
  try {
    await build({ ...pluginBuild, config: false, cwd: directory, outDir: fresh, logLevel: 'error' })
    if (sameFiles(fresh, dist)) return
    if (existsSync(dist)) renameSync(dist, old)
    renameSync(fresh, dist)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Of flat folders. A bundle that is what it was is left alone: a gateway may be loading it. */
function sameFiles(fresh: string, dist: string): boolean {
  if (!existsSync(dist)) return false
  const names = readdirSync(fresh)
  return (
    readdirSync(dist).length === names.length &&
    names.every(
      (name) =>
        existsSync(join(dist, name)) &&
        readFileSync(join(fresh, name)).equals(readFileSync(join(dist, name))),
    )
  )
}

export async function buildPlugins(): Promise<void> {
  for (const directory of pluginDirectories) await buildPlugin(directory)
}
