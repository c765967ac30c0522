/** The compiler, asked directly: for the trees of the contracts, and for the code of a changed one. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { repository } from '../copy.ts'
import type { Mutant } from './mutants.ts'

/** Text of each file of contracts/src by its name. */
export type Sources = Readonly<Record<string, string>>

/** A node of solc's tree: what else it has depends on its type. */
export interface Node {
  readonly nodeType: string
  /** start:length:file, in bytes */
  readonly src: string
  readonly [key: string]: unknown
}

interface Output {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[]
  readonly sources?: Readonly<Record<string, { readonly ast: Node }>>
  readonly contracts?: Readonly<
    Record<
      string,
      Readonly<Record<string, { readonly evm: { readonly bytecode: { readonly object: string } } }>>
    >
  >
}

interface Solc {
  compile(
    input: string,
    callbacks: { import(path: string): { contents: string } | { error: string } },
  ): string
}

/** It comes without types. */
const solc = createRequire(import.meta.url)('solc') as Solc

const folder = 'contracts/src'

export function readSources(root: string = repository): Sources {
  const names = readdirSync(join(root, folder)).filter((name) => name.endsWith('.sol'))
  return Object.fromEntries(
    names.toSorted().map((name) => [name, readFileSync(join(root, folder, name), 'utf8')]),
  )
}

export function treesOf(sources: Sources): Readonly<Record<string, Node>> {
  const output = run(sources, false, { '*': { '': ['ast'] } })
  const problem = problemOf(output)
  if (problem !== undefined) throw new Error(problem)
  return Object.fromEntries(
    Object.keys(sources).map((name) => {
      const tree = output.sources?.[`${folder}/${name}`]?.ast
      if (tree === undefined) throw new Error(`no tree of ${name}`)
      return [name, tree]
    }),
  )
}

/** @returns the creation code of each contract, or why there is none */
export function codeOf(
  sources: Sources,
  optimised: boolean,
): { readonly code: Readonly<Record<string, string>> } | { readonly problem: string } {
  const wanted = Object.fromEntries(
    ['MarketEscrow', 'AuditAnchor'].map((name) => [
      `${folder}/${name}.sol`,
      { [name]: ['evm.bytecode.object'] },
    ]),
  )
  const output = run(sources, optimised, wanted)
  const problem = problemOf(output)
  if (problem !== undefined) return { problem }
  const contracts = Object.values(output.contracts ?? {}).flatMap((file) => Object.entries(file))
  return { code: Object.fromEntries(contracts.map(([name, { evm }]) => [name, `0x${evm.bytecode.object}`])) }
}

export function changed(sources: Sources, { file, start, length, replacement }: Mutant): Sources {
  const text = Buffer.from(sources[file] ?? '')
  const parts = [text.subarray(0, start), Buffer.from(replacement), text.subarray(start + length)]
  return { ...sources, [file]: Buffer.concat(parts).toString() }
}

function run(sources: Sources, optimised: boolean, outputSelection: unknown): Output {
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(
      Object.entries(sources).map(([name, content]) => [`${folder}/${name}`, { content }]),
    ),
    settings: {
      optimizer: optimised ? { enabled: true, runs: 10_000 } : { enabled: false },
      evmVersion: 'cancun',
      metadata: { appendCBOR: false },
      outputSelection,
    },
  }
  return JSON.parse(solc.compile(JSON.stringify(input), { import: readImport })) as Output
}

function readImport(path: string): { contents: string } | { error: string } {
  const file = join(repository, 'node_modules', path)
  return existsSync(file) ? { contents: readFileSync(file, 'utf8') } : { error: `there is no ${path}` }
}

function problemOf({ errors }: Output): string | undefined {
  return errors?.find(({ severity }) => severity === 'error')?.formattedMessage
}
