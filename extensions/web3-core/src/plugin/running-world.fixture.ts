/**
 * A gateway without the host: a real market published on the process handle as its service does, and web3-core over it
 * with a listener of its own and real backends. Knows nothing of vitest, so that a child process can have one, too.
 */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encryptKeystoreJson } from 'ethers'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { openMarket, type Market, type MarketOptions } from '@openclaw-market/market-core'
import type { Envelope } from '@openclaw-market/protocol/errors'
import { setMarketState } from '../../../market-core/src/plugin/handle.ts'
import { deposit } from '../../../market-core/src/market/accounts/deposit.ts'
import { callAsNode } from '../surface/gateway-methods.ts'
import { readConfig } from './config.ts'
import { startWeb3, type RunningWeb3 } from './start.ts'

export interface WorldOptions {
  readonly home: string
  readonly store?: Market['backend']
  /** As it would stand in the host's config; the listener is added. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly rename?: (canonical: string) => string
  readonly market?: Partial<MarketOptions>
  /** Between the market and everyone who finds it, e.g. to die at a certain moment. */
  readonly through?: (market: Market) => Market
}

export interface RunningWorld {
  readonly home: string
  readonly url: string
  readonly market: Market
  readonly running: RunningWeb3
  /** What the operator would read. */
  readonly log: string[]
  /** By how much the clock of web3-core is ahead of the machine's. */
  readonly clock: { ahead: number }
  /** As the owner, by the gateway's door. */
  call(name: string, params?: object): Promise<Envelope>
  fund(to: string, amount: bigint): Promise<void>
  /** Of the market alone, as when its plugin is stopped. */
  stopMarket(): Promise<void>
  startMarket(): Promise<void>
  stop(): Promise<void>
}

export const chainId = 31_337

/** A node wallet that opens in no time, some documents, and an empty folder for files. */
export async function makeHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'web3-world-'))
  const passphrase = 'correct horse battery staple'
  const privateKey = generatePrivateKey()
  const { address } = privateKeyToAccount(privateKey)
  const keystore = await encryptKeystoreJson({ address, privateKey }, passphrase, {
    scrypt: { N: 2, r: 1, p: 1 },
  })
  await Promise.all(['keys', 'docs', 'files'].map((name) => mkdir(join(home, name), { mode: 0o700 })))
  await writeFile(join(home, 'keys', 'node-wallet.json'), keystore, { mode: 0o600 })
  await writeFile(join(home, 'passphrase'), passphrase, { mode: 0o600 })
  await writeFile(join(home, 'docs', 'moon.md'), '# Moon\n\nThe moon pulls the tides twice a day.\n')
  await writeFile(join(home, 'docs', 'sun.md'), '# Sun\n\nThe sun pulls the tides, too, but less.\n')
  return home
}

/** Search over the home's documents and storage in its files; a model when its upstream is given. */
export function backendsOf(home: string, modelUrl?: string) {
  return {
    docs: { driver: 'local-docs', directory: join(home, 'docs') },
    disk: { driver: 'filesystem', directory: join(home, 'files') },
    ...(modelUrl === undefined
      ? {}
      : { llm: { driver: 'openai-compat', baseUrl: modelUrl, model: 'demo-1' } }),
  }
}

export async function startWorld(options: WorldOptions): Promise<RunningWorld> {
  const { home, store = 'sqlite', config = {}, through = (market) => market } = options
  const log: string[] = []
  const clock = { ahead: 0 }
  const report = (what: string, error: unknown): void => void log.push(`${what}: ${String(error)}`)
  const marketOptions: MarketOptions = {
    backend: store,
    storeDirectory: join(home, 'store'),
    keyDirectory: join(home, 'keys'),
    checkpointFile: join(home, 'log-checkpoint'),
    passphraseFile: join(home, 'passphrase'),
    chainId,
    currencies: [{ symbol: 'USDC', decimals: 6 }],
    chains: [],
    disputeWindowMs: 600_000,
    quoteTtlMs: 300_000,
    answerTtlMs: 86_400_000,
    report,
    ...options.market,
  }
  let opened: Market | undefined
  let market: Market
  const startMarket = async (): Promise<void> => {
    opened = await openMarket(marketOptions)
    market = through(opened)
    setMarketState({ status: 'running', market })
  }
  await startMarket()
  const { provider, ...rest } = config
  const read = readConfig({
    provider: { listen: { port: 0 }, backends: backendsOf(home), ...(provider as object | undefined) },
    ...rest,
  })
  const say = (message: string): void => void log.push(message)
  const running = await startWeb3({
    ...read,
    stateDirectory: join(home, 'state'),
    gatewayUrl: 'http://127.0.0.1:9',
    conversationAccess: true,
    rename: options.rename ?? ((canonical) => canonical),
    log: { info: say, warn: say, error: say },
    report,
    now: () => Date.now() + clock.ahead,
  })
  const stopMarket = async (): Promise<void> => {
    const closing = opened
    opened = undefined
    if (closing === undefined) return
    setMarketState({ status: 'off' })
    await closing.close()
  }
  return {
    home,
    url: running.web3.ownUrl,
    get market() {
      return market
    },
    running,
    log,
    clock,
    call: (name, params = {}) => callAsNode(name, params, { door: 'gateway', owner: true }),
    async fund(to, amount) {
      const operator = { kind: 'operator', actorId: market.address } as const
      const envelope = await market.run(
        deposit,
        { to, currency: 'USDC', amount: amount.toString(), reason: 'a test' },
        operator,
      )
      if (!envelope.ok) throw new Error(envelope.message)
    },
    stopMarket,
    startMarket,
    async stop() {
      await running.stop()
      await stopMarket()
    },
  }
}
