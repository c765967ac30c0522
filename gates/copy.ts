/** A copy of the repository in which a gate may break something, with the packages of this checkout. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

export const repository = join(import.meta.dirname, '..')

const folders = ['packages', 'extensions', 'contracts', 'scripts', 'gates', 'test', 'docs']

export interface Copy {
  readonly at: string
  remove(): void
}

export function copyOfRepository(): Copy {
  const at = mkdtempSync(join(tmpdir(), 'market-copy-'))
  for (const entry of readdirSync(repository, { withFileTypes: true }))
    if (entry.isFile() || folders.includes(entry.name))
      cpSync(join(repository, entry.name), join(at, entry.name), {
        recursive: true,
        // The links of each package are relative, and lead to what the copy has in their place.
        verbatimSymlinks: true,
        filter: (path) => !/^(dist$|artifacts$|cache$|\.dist-|\.market$)/.test(basename(path)),
      })
  linkModules(join(repository, 'node_modules'), join(at, 'node_modules'))
  return { at, remove: () => rmSync(at, { recursive: true, force: true }) }
}

export interface OneLine {
  /** Path in the repository. */
  readonly file: string
  /** Exactly as it stands there, once. */
  readonly line: string
  readonly replacement: string
}

/** The text of the file with the replacement in place of the line. @throws when the line does not stand there exactly once */
export function withReplaced({ file, line, replacement }: OneLine, root: string = repository): string {
  const parts = readFileSync(join(root, file), 'utf8').split(line)
  if (parts.length !== 2) throw new Error(`"${line.trim()}" stands ${parts.length - 1} times in ${file}`)
  return parts.join(replacement)
}

/** Every package is the one of this checkout, except our own; caches are not shared. */
function linkModules(from: string, to: string): void {
  const own = '@openclaw-market'
  mkdirSync(to)
  cpSync(join(from, own), join(to, own), { recursive: true, verbatimSymlinks: true })
  for (const name of readdirSync(from))
    if (name !== own && (!name.startsWith('.') || name === '.pnpm' || name === '.bin'))
      symlinkSync(join(from, name), join(to, name))
}
