/**
 * Arrows point one way (DESIGN §2). Each folder may import what stands to the right of it and nothing else. Types are
 * erased and may be named anywhere; a value may not.
 */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')

/** Folder → what it may import, besides itself. Paths are relative to the package. */
interface Layers {
  readonly directory: string
  readonly mayImport: Readonly<Record<string, readonly string[]>>
  /** Packages of ours. */
  readonly packages: readonly string[]
}

const groups = [
  'brain',
  'identity',
  'wallet',
  'resources',
  'consumer',
  'billing',
  'audit',
  'status',
  'provider',
  'share',
].map((name) => `src/${name}`)

const layers: readonly Layers[] = [
  { directory: 'packages/protocol', mayImport: { src: [] }, packages: [] },
  {
    directory: 'extensions/market-core',
    packages: ['@openclaw-market/protocol', '@openclaw-market/contracts'],
    mayImport: {
      'index.ts': ['src/plugin'],
      'api.ts': ['src/plugin', 'src/market', 'src/sweep', 'src/keys', 'src/store', 'src/ledger', 'src/log'],
      'src/plugin': ['src/market', 'src/sweep', 'src/log', 'src/keys', 'src/store'],
      'src/sweep': ['src/market', 'src/store'],
      'src/market': ['src/settlement', 'src/policy', 'src/ledger', 'src/log', 'src/store'],
      'src/policy': [],
      'src/settlement': ['src/ledger'],
      'src/log': [],
      'src/ledger': ['src/store'],
      'src/keys': [],
      'src/store': [],
    },
  },
  {
    directory: 'extensions/web3-core',
    packages: ['@openclaw-market/protocol', '@openclaw-market/market-core'],
    mayImport: {
      'index.ts': ['src/plugin'],
      'api.ts': ['src/plugin', 'src/capabilities'],
      'src/plugin': ['src/surface', ...groups, 'src/capabilities'],
      'src/surface': [...groups, 'src/capabilities', 'src/plugin/handle.ts', 'src/plugin/state-files.ts'],
      ...Object.fromEntries(groups.map((group) => [group, [...groups, 'src/capabilities']])),
      'src/capabilities': [],
    },
  },
]

describe.each(layers)('$directory', ({ directory, mayImport, packages }) => {
  const files = globSync(['*.ts', 'src/**/*.ts'], { cwd: join(root, directory) }).filter(
    (file) => !/\.(test|fixture|child)\.ts$|-fixture\.ts$|conformance|tsdown\.config/.test(file),
  )

  it('imports along its arrows only', () => {
    const wrong = files.flatMap((file) => {
      const layer = layerOf(file, mayImport)
      return valueImports(join(root, directory, file)).flatMap((specifier) => {
        if (specifier.startsWith('.')) {
          const to = relative(join(root, directory), resolve(root, directory, dirname(file), specifier))
          const legal =
            to.startsWith(layer) || (mayImport[layer] ?? []).some((allowed) => to.startsWith(allowed))
          return legal ? [] : [`${file} → ${to}`]
        }
        if (!specifier.startsWith('@openclaw-market/')) return []
        const legal = packages.some((name) => specifier === name || specifier.startsWith(`${name}/`))
        return legal ? [] : [`${file} → ${specifier}`]
      })
    })
    expect(wrong).toEqual([])
  })
})

it('the protocol knows no clock, no randomness, no files, no network', () => {
  const impure = /\bDate\.now\b|new Date\(\)|Math\.random|randomBytes|randomUUID|['"]node:|\bfetch\(/
  const files = globSync('packages/protocol/src/**/*.ts', { cwd: root }).filter(
    (f) => !/\.(test|fixture)\.ts$/.test(f),
  )
  expect(
    files.filter((file) => impure.test(withoutComments(readFileSync(join(root, file), 'utf8')))),
  ).toEqual([])
})

it('market-core knows the host in its plugin folder only', () => {
  const files = globSync('extensions/market-core/src/**/*.ts', { cwd: root })
  const knowing = files.filter((file) => /from 'openclaw\//.test(readFileSync(join(root, file), 'utf8')))
  expect(knowing.filter((file) => !file.includes('/src/plugin/'))).toEqual([])
})

function layerOf(file: string, mayImport: Layers['mayImport']): string {
  const layer = Object.keys(mayImport).find((name) => file === name || file.startsWith(`${name}/`))
  if (layer === undefined) throw new Error(`${file} stands in no layer: give it one, with its arrows`)
  return layer
}

/** What a file imports or re-exports as a value. */
function valueImports(path: string): string[] {
  const text = withoutComments(readFileSync(path, 'utf8'))
  const statements = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s+(type\s+)?([^'"`;]*?)\s*(?:from\s*)?['"]([^'"]+)['"]/g,
  )
  return [...statements].flatMap(([, typeOnly, names = '', specifier = '']) =>
    typeOnly !== undefined || onlyTypes(names) ? [] : [specifier],
  )
}

function onlyTypes(names: string): boolean {
  const braces = /^\{([^}]*)\}$/.exec(names.trim())?.[1]
  const listed =
    braces
      ?.split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '') ?? []
  return listed.length > 0 && listed.every((name) => name.startsWith('type '))
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
}
