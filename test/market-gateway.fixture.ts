/** A real gateway with both plugins, as an operator uses it. Booted for a file, not for a test: it takes seconds. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pluginDirectories } from '../scripts/build-plugins.ts'
import { isRecord, type JsonRecord } from '../scripts/gateway/json-value.ts'
import { launchGateway, type Gateway, type LaunchOptions } from '../scripts/gateway/launch.ts'
import type { OperatorScope } from '../scripts/gateway/rpc-client.ts'
import type { Store } from './stores.fixture.ts'

export interface MarketGatewayOptions {
  readonly dir: string
  readonly store: Store
  /** More of market-core's config. */
  readonly market?: JsonRecord
  readonly web3?: JsonRecord
  readonly pluginDirs?: readonly string[]
  readonly launch?: Partial<LaunchOptions>
}

export interface MarketGateway {
  readonly host: Gateway
  /** The node wallet. */
  readonly address: string
  /** The answer of a method that must succeed. */
  call(method: string, params?: JsonRecord, scopes?: readonly OperatorScope[]): Promise<JsonRecord>
  /** The error of a method that must be refused, as it came over RPC. */
  refusal(method: string, params?: JsonRecord, scopes?: readonly OperatorScope[]): Promise<Refusal>
}

export interface Refusal {
  readonly code: string
  readonly message: string
  /** The envelope. */
  readonly details: JsonRecord
}

/** Made when its path is first asked for, so that a file whose tests are filtered out leaves nothing behind. */
export function temporaryDirectory(name: string): { readonly path: string; remove(): void } {
  let made: string | undefined
  return {
    get path() {
      made ??= mkdtempSync(join(tmpdir(), `${name}-`))
      return made
    },
    remove() {
      if (made !== undefined) rmSync(made, { recursive: true, force: true })
    },
  }
}

export async function bootMarket(options: MarketGatewayOptions): Promise<MarketGateway> {
  const host = await bootPlain(options)
  const gateway = withCalls(host)
  const { market } = await gateway.call('market.status.summary')
  return { ...gateway, address: text(market) }
}

/** Without asking it anything: its config may be wrong on purpose. */
export function bootPlain({
  dir,
  store,
  market,
  web3,
  pluginDirs,
  launch,
}: MarketGatewayOptions): Promise<Gateway> {
  return launchGateway({
    dir,
    pluginDirs: pluginDirs ?? pluginDirectories,
    pluginConfigs: { 'market-core': { store, ...market }, 'web3-core': web3 ?? {} },
    ...launch,
  })
}

export function withCalls(host: Gateway): Omit<MarketGateway, 'address'> {
  const ask = (method: string, params: JsonRecord, scopes: readonly OperatorScope[] | undefined) =>
    host.rpc(method, params, scopes === undefined ? {} : { scopes })
  return {
    host,
    async call(method, params = {}, scopes) {
      const answer = await ask(method, params, scopes)
      if (!answer.ok) throw new Error(`${method}: ${JSON.stringify(answer.error)}`)
      return record(answer.payload)
    },
    async refusal(method, params = {}, scopes) {
      const answer = await ask(method, params, scopes)
      if (answer.ok) throw new Error(`${method} was not refused: ${JSON.stringify(answer.payload)}`)
      const { code, message, details } = answer.error
      return { code, message, details: isRecord(details) ? details : {} }
    },
  }
}

/** A port that is free now, for a listener that has to keep its address over a restart. */
export async function freePort(): Promise<number> {
  const server = createServer()
  const listening = Promise.withResolvers<void>()
  server.once('error', listening.reject)
  server.listen(0, '127.0.0.1', listening.resolve)
  await listening.promise
  const address = server.address()
  const closed = Promise.withResolvers<void>()
  server.close(() => closed.resolve())
  await closed.promise
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}

/** Asks until `found` gives something; for what the gateway does by itself. */
export async function until<T>(
  what: string,
  found: () => Promise<T | undefined> | T | undefined,
  withinMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const value = await found()
    if (value !== undefined) return value
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`)
    await new Promise((resolve) => void setTimeout(resolve, pollMs))
  }
}

const pollMs = 50

export function record(value: unknown): JsonRecord {
  if (isRecord(value)) return value
  throw new Error(`not an object: ${JSON.stringify(value)}`)
}

export function list(value: unknown): readonly JsonRecord[] {
  if (Array.isArray(value)) return value.map(record)
  throw new Error(`not a list: ${JSON.stringify(value)}`)
}

export function text(value: unknown): string {
  if (typeof value === 'string') return value
  throw new Error(`not a text: ${JSON.stringify(value)}`)
}
