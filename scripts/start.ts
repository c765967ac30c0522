/**
 * `npm start`: the main job, once through, in the real gateway: a provider publishes, a stranger leases, calls and pays,
 * and the books are recounted from the files by a program that is no part of the market. See `--help`.
 */
import { readArguments } from './start/arguments.ts'
import { cleanly } from './start/lifetime.ts'
import { start } from './start/start.ts'

const given = readArguments(process.argv.slice(2))
if ('text' in given) {
  process[given.exitCode === 0 ? 'stdout' : 'stderr'].write(`${given.text}\n`)
  process.exitCode = given.exitCode
} else {
  await cleanly((lifetime) => start(given, lifetime))
}
