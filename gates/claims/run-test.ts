/** Runs tests of a copy by their titles, and reads what became of each. */
import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Copy } from '../copy.ts'

/** How the tests of one title ended: all of them well, or one of them not; `none` when none was run. */
export type Verdict = 'passed' | 'failed' | 'none'

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[]
  }[]
}

export interface Ran {
  verdictOn(title: string): Verdict
  /** For whoever looks into it. */
  readonly said: string
}

/** Longer than any of these tests takes; a loss may make one wait for ever. */
const mostMs = 300_000

export async function runTests({ at }: Copy, file: string, titles: readonly string[]): Promise<Ran> {
  const outcome = join(at, `${randomUUID()}.json`)
  const vitest = join(at, 'node_modules', 'vitest', 'vitest.mjs')
  const project = file.startsWith('gates/') ? 'gates' : 'unit'
  const pattern = titles.map((title) => `(${patternOf(title)})`).join('|')
  const args = [
    'run',
    '--project',
    project,
    file,
    '-t',
    pattern,
    '--reporter=json',
    `--outputFile=${outcome}`,
  ]
  const said = await execute([vitest, ...args], at)
  const report = await readReport(outcome)
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults)
  return {
    said,
    verdictOn(title) {
      const wanted = new RegExp(`^${patternOf(title)}`)
      const ended = results.filter(
        (result) => wanted.test(result.title) && ['passed', 'failed'].includes(result.status),
      )
      if (ended.length === 0) return 'none'
      return ended.every(({ status }) => status === 'passed') ? 'passed' : 'failed'
    },
  }
}

/** A title as it may read once vitest has put the values of a row into it. */
function patternOf(title: string): string {
  return `${title.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/%[sdifjoO#]|\\\$\w+/g, '.*')}$`
}

function execute(args: readonly string[], cwd: string): Promise<string> {
  const { GATES: _size, GATES_SEED: _seed, ...env } = process.env
  return new Promise((resolve) => {
    const options = { cwd, env, timeout: mostMs, killSignal: 'SIGKILL', maxBuffer: 2 ** 26 } as const
    execFile(process.execPath, args, options, (_error, stdout, stderr) => resolve(`${stdout}${stderr}`))
  })
}

async function readReport(path: string): Promise<Report> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Report
  } catch {
    return { testResults: [] } // it was stopped, or never began
  } finally {
    await rm(path, { force: true })
  }
}
