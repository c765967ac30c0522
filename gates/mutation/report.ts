/** What became of every mutant, checked in, with what it was found for: contracts/mutation-report.json. */
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { repository } from '../copy.ts'
import type { Mutant } from './mutants.ts'
import type { Sources } from './solidity.ts'
import { explanations } from './survivors.ts'
import type { Verdict } from './trial.ts'

/** Hashes of all that a verdict depends on. */
export interface Basis {
  readonly sources: string
  readonly tests: string
  readonly mutants: string
}

export interface Survivor {
  /** file:line */
  readonly at: string
  readonly line: string
  readonly becomes: string
  /** Why nothing can notice it. */
  readonly because: string
}

export interface Report {
  readonly basis: Basis
  readonly mutants: number
  readonly killed: number
  /** The compiler makes the same code of them. */
  readonly sameCode: number
  /** The compiler refuses them. */
  readonly notContracts: number
  readonly survivors: readonly Survivor[]
}

const reportPath = join(repository, 'contracts', 'mutation-report.json')
/** Of a run that is under way; a run that was stopped goes on from here. */
const progressPath = join(repository, 'contracts', 'cache', 'mutation.jsonl')

export function basisNow(): Basis {
  const solidity = (folder: string): readonly string[] =>
    readdirSync(join(repository, folder))
      .filter((name) => name.endsWith('.sol'))
      .map((name) => `${folder}/${name}`)
  return {
    sources: hashOf([...solidity('contracts/src'), 'hardhat.config.ts']),
    tests: hashOf(solidity('contracts/test')),
    mutants: hashOf(['gates/mutation/mutants.ts']),
  }
}

function hashOf(files: readonly string[]): string {
  const hash = createHash('sha256')
  for (const file of files.toSorted()) {
    const text = readFileSync(join(repository, file))
    hash.update(`${file}\0${text.length}\0`).update(text)
  }
  return hash.digest('hex')
}

export function readReport(): Report {
  return JSON.parse(readFileSync(reportPath, 'utf8')) as Report
}

export function writeReport(basis: Basis, verdicts: readonly Judged[], sources: Sources): Report {
  const count = (end: Verdict['end']): number => verdicts.filter(({ verdict }) => verdict.end === end).length
  const report: Report = {
    basis,
    mutants: verdicts.length,
    killed: count('killed'),
    sameCode: count('same code'),
    notContracts: count('not a contract'),
    survivors: verdicts
      .filter(({ verdict }) => verdict.end === 'survived')
      .map(({ mutant }) => survivorOf(mutant, sources)),
  }
  writeFileSync(reportPath, `${JSON.stringify(report, undefined, 2)}\n`)
  return report
}

function survivorOf(mutant: Mutant, sources: Sources): Survivor {
  const text = Buffer.from(sources[mutant.file] ?? '')
  const from = text.lastIndexOf('\n', mutant.start) + 1
  const end = mutant.start + mutant.length
  const to = text.indexOf('\n', end)
  const said = (...parts: readonly string[]): string => parts.join('').trim()
  const [before, after] = [text.subarray(from, mutant.start).toString(), text.subarray(end, to).toString()]
  const line = said(before, text.subarray(mutant.start, end).toString(), after)
  const becomes = said(before, mutant.replacement, after)
  const explained = explanations.find((it) => it.line === line && it.becomes === becomes)
  const number = text.subarray(0, mutant.start).toString().split('\n').length
  return { at: `${mutant.file}:${number}`, line, becomes, because: explained?.because ?? '' }
}

export interface Judged {
  readonly mutant: Mutant
  readonly verdict: Verdict
}

/** What a stopped run has found out already, if nothing has changed since. */
export function readProgress(basis: Basis): readonly Judged[] {
  if (!existsSync(progressPath)) return []
  const [first = '', ...lines] = readFileSync(progressPath, 'utf8').split('\n')
  if (first !== JSON.stringify(basis)) return []
  // The last line may have been cut off.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Judged)
}

export function beginProgress(basis: Basis, known: readonly Judged[]): void {
  mkdirSync(dirname(progressPath), { recursive: true })
  const lines = [basis, ...known].map((value) => `${JSON.stringify(value)}\n`)
  writeFileSync(progressPath, lines.join(''))
}

export function addProgress(judged: Judged): void {
  appendFileSync(progressPath, `${JSON.stringify(judged)}\n`)
}
