import { spawn, type ChildProcess } from 'node:child_process'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { GatewayFiles } from './gateway-files.ts'

export type ExitInfo = { code: number | null; signal: NodeJS.Signals | null }

export type CliResult = { code: number | null; stdout: string; stderr: string }

export type CliOptions = {
  /** Milliseconds until the process is killed; default 120 000. */
  timeoutMs?: number
  stdin?: string
  env?: Readonly<Record<string, string>>
}

const DEFAULT_CLI_TIMEOUT_MS = 120_000

/** The host's real script. Its `.bin` shim is a shell script that would own the pid. */
export const openclawScript = (): string =>
  path.resolve(path.dirname(createRequire(import.meta.url).resolve('openclaw')), '..', 'openclaw.mjs')

/** What passes from our environment. Everything else could change the host: VITEST, NODE_OPTIONS, OPENCLAW_*, proxies. */
const PASSED_VARIABLES = ['LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SystemRoot']

export const hostEnvironment = (
  files: GatewayFiles,
  extra: Readonly<Record<string, string>> = {},
): NodeJS.ProcessEnv => {
  const env: NodeJS.ProcessEnv = {
    // `node` in a tool or a skill must be the Node that the host accepts.
    PATH: [path.dirname(process.execPath), process.env['PATH'] ?? ''].join(path.delimiter),
    HOME: files.home,
    OPENCLAW_STATE_DIR: files.stateDir,
    OPENCLAW_CONFIG_PATH: files.configPath,
    NO_COLOR: '1',
    // The documented preset for a host that supervises the gateway (docs/gateway/embedding.md).
    OPENCLAW_NO_RESPAWN: '1',
    OPENCLAW_DISABLE_BONJOUR: '1',
    OPENCLAW_EXEC_SHELL_SNAPSHOT: '0',
    OPENCLAW_SKIP_CHANNELS: '1',
    OPENCLAW_NO_AUTO_UPDATE: '1',
  }
  for (const name of PASSED_VARIABLES) {
    const value = process.env[name]
    if (value !== undefined) env[name] = value
  }
  return { ...env, ...extra }
}

const living = new Set<ChildProcess>()
let watching = false

/** Starts a host process that does not outlive this one, unless this one is killed with SIGKILL. */
export const spawnHost = (
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string,
  stdio: ['ignore', number, number] | ['pipe', 'pipe', 'pipe'],
): ChildProcess => {
  watchOwnExit()
  const child = spawn(process.execPath, [openclawScript(), ...args], { env, cwd, stdio })
  living.add(child)
  child.once('exit', () => living.delete(child))
  child.once('error', () => living.delete(child))
  return child
}

/** A command of the real CLI, run to its end. */
export const runCli = async (
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string,
  options: CliOptions = {},
): Promise<CliResult> => {
  const limit = options.timeoutMs ?? DEFAULT_CLI_TIMEOUT_MS
  const child = spawnHost(args, { ...env, ...options.env }, cwd, ['pipe', 'pipe', 'pipe'])
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
  // A command that never reads its input closes the pipe first.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(options.stdin ?? '')
  const timer = setTimeout(() => child.kill('SIGKILL'), limit)
  try {
    const { code, signal } = await new Promise<ExitInfo>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => resolve({ code, signal }))
    })
    const note = signal === null ? '' : `\n(ended by ${signal}; the limit was ${limit} ms)`
    return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() + note }
  } finally {
    clearTimeout(timer)
  }
}

const killLiving = (): void => {
  for (const child of living) child.kill('SIGKILL')
}

const watchOwnExit = (): void => {
  if (watching) return
  watching = true
  process.on('exit', killLiving)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const onSignal = (): void => {
      // Somebody else handles the signal and will stop the gateway in good order; 'exit' is then still the safety net.
      if (process.listenerCount(signal) > 1) return
      killLiving()
      process.off(signal, onSignal)
      process.kill(process.pid, signal)
    }
    process.on(signal, onSignal)
  }
}
