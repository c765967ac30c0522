/**
 * `npm test`: types, lint, format, then every test. Ends with one line, `N passed, N failed`, counted from the runner's own
 * report; a check that fails counts as one failed test, so that the line never says less than the exit code.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
/**
 * Hundreds of test files and processes import the same libraries: what V8 has compiled of them is kept, and so is how our own
 * sources look without their types.
 */
const env = { ...process.env, NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'compiled') }

const bin = (name: string): string => join(root, 'node_modules', '.bin', name)

interface Count {
  passed: number
  failed: number
}

function check(name: string, command: string, args: readonly string[]): Count {
  const started = performance.now()
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  process.stdout.write(`${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)\n`)
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}

/** A test that never yields cannot be stopped by its runner: whatever runs by then is ended, with all that it started. */
const patienceMs = 45 * 60_000

async function runner(args: readonly string[]): Promise<number | null> {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const child = spawn(process.execPath, [vitest, ...args], {
    cwd: root,
    stdio: 'inherit',
    detached: true,
    env,
  })
  const end = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
  }
  const late = setTimeout(() => {
    process.stderr.write(
      `the tests have not ended in ${patienceMs / 60_000} minutes: see which file is missing above\n`,
    )
    end()
  }, patienceMs)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
  const [status] = (await once(child, 'exit')) as [number | null]
  clearTimeout(late)
  return status
}

async function tests(args: readonly string[]): Promise<Count> {
  const directory = mkdtempSync(join(tmpdir(), 'market-test-'))
  const report = join(directory, 'report.json')
  try {
    const status = await runner([
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile=${report}`,
      ...args,
    ])
    const { numPassedTests, numTotalTests } = JSON.parse(readFileSync(report, 'utf8')) as {
      numPassedTests: number
      numTotalTests: number
    }
    const failed = numTotalTests - numPassedTests
    return { passed: numPassedTests, failed: status === 0 ? failed : Math.max(1, failed) }
  } catch (error) {
    process.stderr.write(`the test runner left no report: ${String(error)}\n`)
    return { passed: 0, failed: 1 }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const counts: Count[] = [
  check('types', bin('tsc'), ['-p', '.']),
  check('lint', bin('oxlint'), ['--type-aware', '--deny-warnings']),
  check('format', bin('oxfmt'), ['--check', '.']),
]
counts.push(await tests(process.argv.slice(2)))

const sum = (key: keyof Count): number => counts.reduce((total, count) => total + count[key], 0)
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`)
process.exitCode = sum('failed') === 0 ? 0 : 1
