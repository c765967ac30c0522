/**
 * `npm run soak`: every gate, large, from a new seed. `npm run soak -- simulation crash --seed 17` runs some of them from a
 * seed that is known; `--small` at the size of `npm test`.
 */
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const root = join(import.meta.dirname, '..')
/** By its name, the folder of each. */
const gates = new Map([
  ...readdirSync(join(root, 'gates'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => [name, `gates/${name}/`] as const),
  // The real gateway, on both stores.
  ['gateway', 'test/'] as const,
])

function refuse(message: string): never {
  process.stderr.write(
    `${message}\nusage: npm run soak -- [GATE …] [--seed N] [--small]\ngates: ${[...gates.keys()].join(' ')}\n`,
  )
  process.exit(2)
}

function read() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { seed: { type: 'string' }, small: { type: 'boolean', default: false } },
    })
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error))
  }
}

const { values, positionals } = read()
const unknown = positionals.find((name) => !gates.has(name))
if (unknown !== undefined) refuse(`there is no gate ${unknown}`)
const seed = values.seed ?? String(randomInt(2 ** 31))
if (!/^(0|[1-9]\d{0,9})$/.test(seed) || Number(seed) >= 2 ** 31)
  refuse(`--seed ${seed}: is not a whole number below 2^31`)

process.stdout.write(`seed ${seed}${values.small ? ', small' : ''}\n`)
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
const filters = [...gates].flatMap(([name, folder]) =>
  positionals.length === 0 || positionals.includes(name) ? [folder] : [],
)
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', '--project', 'gates', '--project', 'gateway', '--project', 'contracts', ...filters],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, GATES_SEED: seed, ...(values.small ? {} : { GATES: 'soak' }) },
  },
)
process.exitCode = status ?? 1
