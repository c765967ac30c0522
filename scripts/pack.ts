/** `npm run pack [-- DIRECTORY]`: builds both plugins and packs them as `openclaw plugins install npm-pack:…` takes them. */
import { join } from 'node:path'
import { buildPlugins } from './build-plugins.ts'
import { packPlugins } from './pack-plugins.ts'

const [directory = join(import.meta.dirname, '..', 'dist')] = process.argv.slice(2)
await buildPlugins()
for (const tarball of packPlugins(directory)) process.stdout.write(`${tarball}\n`)
