/** Bundles the plugins once for all files of this project: the host loads what is in dist/, not the sources. */
import { join } from 'node:path'
import { buildPlugin, buildPlugins } from '../scripts/build-plugins.ts'

export const renamedPlugin = join(import.meta.dirname, 'plugins', 'web3-core-renamed')

export default async function build(): Promise<void> {
  await buildPlugins()
  await buildPlugin(renamedPlugin)
}
