/** The two tarballs that an owner installs: what runs, and nothing of how it is made. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { pluginDirectories } from './build-plugins.ts'
import { isRecord, parseJson, stringAt, type JsonRecord } from './gateway/json-value.ts'

const root = join(import.meta.dirname, '..')
/** Of the source tree alone: a package that is installed has neither our workspace nor our sources. */
const ofTheSource = ['private', 'scripts', 'devDependencies', 'exports']

/** Of plugins that are built. @returns the tarballs, in the order in which they are to be installed */
export function packPlugins(into: string): readonly string[] {
  const destination = resolve(into)
  mkdirSync(destination, { recursive: true })
  return pluginDirectories.map((plugin) => packPlugin(plugin, destination))
}

function packPlugin(plugin: string, destination: string): string {
  const work = mkdtempSync(join(tmpdir(), 'market-pack-'))
  try {
    const stage = join(work, basename(plugin))
    stagePlugin(plugin, stage)
    const args = ['pack', stage, '--pack-destination', destination, '--ignore-scripts', '--json']
    const said = execFileSync('npm', args, {
      cwd: work,
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    })
    return join(destination, fileNameOf(parseJson(said)))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** The folder as it will be in the package. */
function stagePlugin(plugin: string, stage: string): void {
  const manifest = parseJson(readFileSync(join(plugin, 'package.json'), 'utf8'))
  const files = isRecord(manifest) ? manifest['files'] : undefined
  if (!isRecord(manifest) || !Array.isArray(files)) throw new Error(`${plugin} does not say what it ships`)
  mkdirSync(stage)
  for (const name of [...files, 'README.md'].map(String)) {
    const from = join(plugin, name)
    if (!existsSync(from)) throw new Error(`${from} is to be packed and is not there`)
    cpSync(from, join(stage, name), { recursive: true })
  }
  cpSync(join(root, 'LICENSE'), join(stage, 'LICENSE'))
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(published(manifest), null, 2)}\n`)
}

function published(manifest: JsonRecord): JsonRecord {
  const kept = Object.fromEntries(Object.entries(manifest).filter(([key]) => !ofTheSource.includes(key)))
  if (JSON.stringify(kept).includes('workspace:')) {
    throw new Error(`${stringAt(manifest, 'name')} needs a package that only this workspace has`)
  }
  return kept
}

function fileNameOf(said: unknown): string {
  const name = stringAt(Array.isArray(said) ? said[0] : undefined, 'filename')
  if (name === undefined) throw new Error('npm pack did not say what it wrote')
  return name
}
