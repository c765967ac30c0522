import type { ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  newToken,
  prepareFiles,
  readEarlier,
  writeConfig,
  type GatewayFiles,
  type ModelEndpoint,
} from './gateway-files.ts'
import {
  hostEnvironment,
  runCli,
  spawnHost,
  type CliOptions,
  type CliResult,
  type ExitInfo,
} from './gateway-process.ts'
import {
  connectRpc,
  RpcTransportError,
  type OperatorScope,
  type RpcAnswer,
  type RpcCallOptions,
  type RpcConnection,
} from './rpc-client.ts'

/** Starts the real, unmodified host with our plugins, and everything that a test or `npm start` asks of it. */

export type LaunchOptions = {
  /** Holds state, HOME, config and log; a second start in the same directory keeps them, the token and the port. */
  dir: string
  /** Fails when taken. Without it: the port of the last start when free, else any free one. */
  port?: number
  pluginDirs: readonly string[]
  /** By plugin id, in the order in which the plugins may load; no others load. */
  pluginConfigs: Readonly<Record<string, unknown>>
  model?: ModelEndpoint
  /** 'all' shows every tool to the model; the default 'search' is the host's own default. */
  agentTools?: 'all' | 'search'
  /** More environment for the gateway and for its CLI. */
  env?: Readonly<Record<string, string>>
  /** Default `dir/gateway.log`; appended. */
  logFile?: string
  /** Ids of plugins that may have conversation hooks. */
  allowConversationAccess?: readonly string[]
  /** More sections of the host's config (`agents.entries.…`, `tools.…`), merged over ours object by object. */
  config?: Readonly<Record<string, unknown>>
  /** Milliseconds until `/readyz` must answer 200; default 180 000. */
  readyTimeoutMs?: number
  /** Ends a boot that is not over yet; afterwards it does nothing. */
  signal?: AbortSignal
}

export type GatewayRpcOptions = RpcCallOptions & { scopes?: readonly OperatorScope[] }

export type StopInfo = ExitInfo & { forced: boolean; ms: number }

export type Gateway = {
  /** `http://127.0.0.1:PORT` */
  url: string
  port: number
  token: string
  stateDir: string
  home: string
  configPath: string
  pid: number
  /** Milliseconds from spawn to ready. */
  bootMs: number
  /** What this process wrote since it started. */
  log(): string
  /** Calls a gateway method; by default as an operator with every scope. One connection is kept for each set of scopes. */
  rpc(method: string, params?: unknown, options?: GatewayRpcOptions): Promise<RpcAnswer>
  /** The kept connection, for events. */
  connection(scopes?: readonly OperatorScope[]): Promise<RpcConnection>
  /** SIGTERM, and SIGKILL when it has not ended after `timeoutMs` (default 15 000). */
  stop(options?: { timeoutMs?: number }): Promise<StopInfo>
  /** SIGKILL, then waits for the end. */
  kill(): Promise<StopInfo>
  /** Settles when the process has ended, for whatever reason. */
  exited: Promise<ExitInfo>
  /** Runs the real `openclaw` command line against this gateway. */
  openclaw(args: readonly string[], options?: CliOptions): Promise<CliResult>
}

export const ALL_SCOPES: readonly OperatorScope[] = [
  'operator.read',
  'operator.write',
  'operator.admin',
  'operator.approvals',
  'operator.pairing',
]

// A guard against a hang: on two busy cores, with another gateway booting beside it, a boot has taken 90 s.
const READY_TIMEOUT_MS = 180_000
const STOP_TIMEOUT_MS = 15_000
const POLL_MS = 50
const MAX_BOOTS = 4
const LOG_TAIL_LINES = 40

/** State directories of gateways that this process has started and that have not ended. */
const inUse = new Set<string>()

/** Throws with the tail of the log when the gateway ends or is not ready in time; nothing is left running then. */
export const launchGateway = async (options: LaunchOptions): Promise<Gateway> => {
  const files = prepareFiles(options.dir)
  const earlier = readEarlier(files)
  await refuseSecond(files, earlier)
  const token = earlier.token ?? newToken()
  for (let boot = 1; ; boot += 1) {
    const port = options.port ?? (await freePort(boot === 1 ? earlier.port : undefined))
    writeConfig(files, {
      port,
      token,
      pluginDirs: options.pluginDirs,
      pluginConfigs: options.pluginConfigs,
      ...(options.model === undefined ? {} : { model: options.model }),
      agentTools: options.agentTools ?? 'search',
      allowConversationAccess: options.allowConversationAccess ?? [],
      logFile: path.join(files.stateDir, 'openclaw.log'),
      ...(options.config === undefined ? {} : { config: options.config }),
    })
    const outcome = await bootOnce(options, files, port, token)
    if (!('portTaken' in outcome)) return outcome
    if (options.port !== undefined || boot >= MAX_BOOTS) throw outcome.portTaken
  }
}

/** The host would refuse too, but only after our new config had made the living gateway restart itself. */
const refuseSecond = async (
  files: GatewayFiles,
  earlier: { token?: string; port?: number },
): Promise<void> => {
  const living = (): Error => new Error(`a gateway already runs in ${files.stateDir}`)
  if (inUse.has(files.stateDir)) throw living()
  if (earlier.token === undefined || earlier.port === undefined) return
  const url = `http://127.0.0.1:${earlier.port}`
  const known = await connectRpc({ url, token: earlier.token, scopes: [], timeoutMs: 2_000 }).catch(
    () => undefined,
  )
  if (known === undefined) return
  await known.close()
  throw living()
}

const bootOnce = async (
  options: LaunchOptions,
  files: GatewayFiles,
  port: number,
  token: string,
): Promise<Gateway | { portTaken: Error }> => {
  const url = `http://127.0.0.1:${port}`
  const env = hostEnvironment(files, options.env)
  const logFile = options.logFile ?? files.defaultLogFile
  mkdirSync(path.dirname(logFile), { recursive: true })
  const descriptor = openSync(logFile, 'a', 0o600)
  const logStart = statSync(logFile).size
  const log = (): string => readFileSync(logFile).subarray(logStart).toString('utf8')
  const startedAt = performance.now()
  // The log is the child's own descriptor: it never blocks on a pipe, and survives us.
  const child = spawnHost(['gateway', 'run'], env, files.stateDir, ['ignore', descriptor, descriptor])
  closeSync(descriptor)
  inUse.add(files.stateDir)
  const exited = exitOf(child)
  void exited.then(() => inUse.delete(files.stateDir))
  const connections = keepConnections(url, token)
  const end = async (signal: NodeJS.Signals, timeoutMs: number): Promise<StopInfo> => {
    const from = performance.now()
    await connections.closeAll()
    let forced = signal === 'SIGKILL'
    child.kill(signal)
    const killer = setTimeout(() => {
      forced = child.kill('SIGKILL') || forced
    }, timeoutMs)
    const info = await exited
    clearTimeout(killer)
    return { ...info, forced, ms: Math.round(performance.now() - from) }
  }

  try {
    await waitUntilReady(url, exited, options.readyTimeoutMs ?? READY_TIMEOUT_MS, options.signal)
    // Proves that what answered is ours: a stranger on this port does not know the token.
    await connections.get(ALL_SCOPES)
  } catch (error) {
    await end('SIGKILL', 0)
    const text = log()
    const tail = text.trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n')
    const reason = error instanceof Error ? error.message : String(error)
    const failure = new Error(`gateway on port ${port}: ${reason}\n${tail}`, { cause: error })
    // Somebody else answered /readyz there (our token was refused), or the host itself found the port taken.
    if (error instanceof RpcTransportError || /EADDRINUSE|already listening on/.test(text))
      return { portTaken: failure }
    throw failure
  }

  return {
    url,
    port,
    token,
    stateDir: files.stateDir,
    home: files.home,
    configPath: files.configPath,
    pid: child.pid ?? 0,
    bootMs: Math.round(performance.now() - startedAt),
    log,
    rpc: async (method, params, { scopes = ALL_SCOPES, ...callOptions } = {}) =>
      (await connections.get(scopes)).call(method, params, callOptions),
    connection: (scopes = ALL_SCOPES) => connections.get(scopes),
    stop: ({ timeoutMs = STOP_TIMEOUT_MS } = {}) => end('SIGTERM', timeoutMs),
    kill: () => end('SIGKILL', 0),
    exited,
    openclaw: (args, cliOptions) => runCli(args, env, files.stateDir, cliOptions),
  }
}

const exitOf = (child: ChildProcess): Promise<ExitInfo> =>
  new Promise((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null }))
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })

const waitUntilReady = async (
  url: string,
  exited: Promise<ExitInfo>,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> => {
  const deadline = performance.now() + timeoutMs
  let ended: ExitInfo | undefined
  void exited.then((info) => {
    ended = info
  })
  while (performance.now() < deadline) {
    signal?.throwIfAborted()
    if (ended !== undefined) throw new Error(`ended early (code ${ended.code}, signal ${ended.signal})`)
    if (await answersReady(url)) return
    await sleep(POLL_MS)
  }
  throw new Error(`not ready within ${timeoutMs} ms`)
}

const answersReady = async (url: string): Promise<boolean> => {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false
  }
}

/** A port that was free a moment ago; `wanted` when it is free. The caller handles the race. */
const freePort = async (wanted?: number): Promise<number> => {
  for (const candidate of wanted === undefined ? [0] : [wanted, 0]) {
    const port = await bindOnce(candidate)
    if (port !== undefined) return port
  }
  throw new Error('no free port on 127.0.0.1')
}

const bindOnce = (port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined))
    })
  })

const keepConnections = (url: string, token: string) => {
  const kept = new Map<string, Promise<RpcConnection>>()
  return {
    get: async (scopes: readonly OperatorScope[]): Promise<RpcConnection> => {
      const key = scopes.toSorted().join(',')
      const known = await kept.get(key)?.catch(() => undefined)
      if (known?.isOpen() === true) return known
      const fresh = connectRpc({ url, token, scopes })
      kept.set(key, fresh)
      return fresh
    },
    closeAll: async (): Promise<void> => {
      const all = [...kept.values()]
      kept.clear()
      await Promise.allSettled(all.map(async (connection) => (await connection).close()))
    },
  }
}
