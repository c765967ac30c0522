/** Plants a bug in a copy of the sources and lets the simulation of the copy look for it. */
import { execFile } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PlantedBug } from './planted-bugs.ts'

const root = join(import.meta.dirname, '..', '..')
const sources = [
  'package.json',
  'packages/protocol',
  'extensions/market-core/src',
  'gates/run.ts',
  'gates/simulation',
]

export interface Ran {
  readonly status: number
  /** What it printed, and what it said of its own failure. */
  readonly said: string
}

/** Runs the simulation below `at`. */
export function simulate(args: readonly string[], at: string = root): Promise<Ran> {
  const main = join(at, 'gates', 'simulation', 'main.ts')
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ status, said: `${stdout}${stderr}`.trim() })
    })
  })
}

/** @throws when the line does not stand there exactly once */
export function planted({ name, file, line, replacement }: PlantedBug): string {
  const parts = readFileSync(join(root, file), 'utf8').split(line)
  if (parts.length !== 2) throw new Error(`"${name}": its line stands ${parts.length - 1} times in ${file}`)
  return parts.join(replacement)
}

/** @returns how the simulation ended: 1 when the bug was found */
export async function hunt(bug: PlantedBug, args: readonly string[]): Promise<Ran> {
  const text = planted(bug)
  const at = mkdtempSync(join(tmpdir(), 'simulation-'))
  try {
    copy(at)
    writeFileSync(join(at, bug.file), text)
    return await simulate(args, at)
  } finally {
    rmSync(at, { recursive: true, force: true })
  }
}

/** The sources, with the packages of this checkout; only our own come from the copy. */
function copy(at: string): void {
  const modules = join(at, 'node_modules')
  mkdirSync(join(modules, '@openclaw-market'), { recursive: true })
  for (const source of sources)
    cpSync(join(root, source), join(at, source), {
      recursive: true,
      filter: (path) => !path.includes('node_modules') && !path.endsWith('.test.ts'),
    })
  for (const name of readdirSync(join(root, 'node_modules')))
    if (name !== '@openclaw-market') symlinkSync(join(root, 'node_modules', name), join(modules, name))
  symlinkSync(join(at, 'packages', 'protocol'), join(modules, '@openclaw-market', 'protocol'))
  const protocol = join('packages', 'protocol', 'node_modules')
  symlinkSync(join(root, protocol), join(at, protocol))
}
