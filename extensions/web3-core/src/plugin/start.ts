/** Starting web3-core beside a running market: backends, listener, vault, registry, and what time does on this side. */
import { marketState, onMarketState, runningMarket, type Market } from '@openclaw-market/market-core'
import { MarketError } from '@openclaw-market/protocol/errors'
import { openBrain } from '../brain/open-brain.ts'
import { closeSessions } from '../brain/session-end.ts'
import { conversationRecorder } from '../audit/recorder.ts'
import { naming } from '../capabilities/naming.ts'
import { registry } from '../capabilities/registry.ts'
import { endWaiting } from '../consumer/end-elsewhere.ts'
import { recoverPending } from '../consumer/recover.ts'
import { remoteMarket } from '../consumer/remote-market.ts'
import { seenResources } from '../consumer/seen/seen-resources.ts'
import { settleSpends } from '../consumer/settle-spends.ts'
import { leaseTaking } from '../consumer/taking.ts'
import { openVault, type Vault } from '../consumer/vault.ts'
import type { Site } from '../identity/site.ts'
import type { Backend } from '../provider/backends/backend.ts'
import { loadBackends } from '../provider/backends/load.ts'
import { startListener, type Listener } from '../provider/listener.ts'
import { sweepStoredFiles, type RetentionPosition } from '../provider/storage-retention.ts'
import { openSharing } from '../share/sharing.ts'
import { tendShared } from '../share/tend.ts'
import { allCapabilities } from './all-capabilities.ts'
import { splitBackends, type Config, type ConfigProblem } from './config.ts'
import { web3Handler, type Web3Handler } from '../surface/http.ts'
import { fallbackProblems } from './fallback.ts'
import { seenFile, sharedFile, vaultFile } from './state-files.ts'
import { publishRunning, withdrawRunning } from './handle.ts'
import { tendPeriodically } from './tend.ts'
import { unavailable } from './unavailable.ts'
import type { Web3 } from './web3.ts'

export interface StartOptions {
  readonly config: Config
  /** What is wrong with the config; then everything answers E_NOT_CONFIGURED with this. */
  readonly problems: readonly ConfigProblem[]
  readonly stateDirectory: string
  /** Where the gateway itself listens. */
  readonly gatewayUrl: string
  /** Whether the host lets us know that something was said. */
  readonly conversationAccess: boolean
  /** The name shown for a canonical one. */
  readonly rename: (canonical: string) => string
  readonly log: { info(message: string): void; warn(message: string): void; error(message: string): void }
  /** Names what went wrong without a word that could carry a secret. */
  readonly report: (what: string, error: unknown) => void
  /** Milliseconds since the epoch; the machine's clock when absent. */
  readonly now?: () => number
}

export interface RunningWeb3 {
  readonly web3: Web3
  /** For the gateway's own port. */
  readonly http: Web3Handler
  stop(): Promise<void>
}

export async function startWeb3(options: StartOptions): Promise<RunningWeb3> {
  const { config, log, report, now = Date.now } = options
  const startedAt = now()
  const stopping = new AbortController()
  const { entries, problems: publisherProblems } = splitBackends(config.provider?.backends ?? {})
  const onTrouble = (backend: string, reason: string): void => log.warn(`backend ${backend}: ${reason}`)
  const stores: string[] = []
  const loaded = loadBackends(Object.fromEntries([...entries].map(([name, { driver }]) => [name, driver])), {
    onTrouble,
    stores,
  })
  // Those of the config, and beside them what is shared now.
  const backends = new Map<string, Backend>(loaded.backends)
  const announce = (market: Market): void => {
    const publishers = (name: string) => (loaded.backends.has(name) ? entries.get(name)?.publishers : [])
    market.announceBackends(
      [...backends].map(([name, { kind }]) => ({ name, kind, publishers: publishers(name) ?? [] })),
    )
  }
  const sharing = await openSharing({
    file: sharedFile(options.stateDirectory),
    backends,
    stores,
    onChange() {
      const state = marketState()
      if (state.status === 'running') announce(state.market)
    },
    onTrouble,
  })
  const problems: ConfigProblem[] = [
    ...options.problems,
    ...publisherProblems,
    ...loaded.problems.map(({ path, problem }) => ({ key: path, problem })),
    ...fallbackProblems(config, loaded.backends),
    ...sharing.problems(),
  ]
  let vault: Vault | undefined
  let web3: Web3 | undefined
  let listener: Listener | undefined
  const usable = (): Market => {
    if (options.problems.length > 0) throw misconfigured(options.problems)
    return runningMarket()
  }
  const http: Web3Handler = web3Handler({
    market: usable,
    web3: () => web3 ?? starting(),
    backends,
    config,
    report,
  })
  if (config.provider?.listen !== undefined) {
    try {
      listener = await startListener({ ...config.provider.listen, handler: http })
      log.info(`serving leaseholders on port ${new URL(listener.url).port}`)
    } catch (error) {
      const problem = `cannot listen there (${codeOf(error)}); leaseholders are served through the gateway only`
      problems.push({ key: '/provider/listen', problem })
    }
  }
  for (const { key, problem } of problems) log.error(`config ${key === '' ? '(whole)' : key}: ${problem}`)
  const ownUrl = reachable(listener?.url ?? options.gatewayUrl)
  const site: Site = {
    url: trimmed(config.provider?.publicUrl ?? ownUrl),
    get domain() {
      return new URL(this.url).host
    },
    // The market's own chain: a contract wallet is one on its own chain only.
    get chainIds() {
      const state = marketState()
      return state.status === 'running' ? [state.market.chainId] : []
    },
  }
  const seen = await seenResources({ file: seenFile(options.stateDirectory), now, report })
  const conversation = conversationRecorder(usable, report)
  const made: Web3 = {
    market: usable,
    markets: {
      remotes: (config.markets ?? []).map((market) =>
        remoteMarket({ ...market, url: trimmed(market.url) }, usable, stopping.signal),
      ),
    },
    seen,
    vault: () => {
      if (vault !== undefined) return vault
      throw new MarketError('E_UNAVAILABLE', 'the vault of lease tokens is not open', {
        hint: 'It opens with the market; the log of the gateway says what is wrong if it does not.',
      })
    },
    registry: registry(allCapabilities(site), naming(options.rename), (c, door) =>
      unavailable(c, door, made),
    ),
    backends,
    problems,
    fallback: config.fallback ?? {},
    sharing,
    here: {
      stateDirectory: options.stateDirectory,
      ports: config.share?.ports,
      ownPorts: [options.gatewayUrl, listener?.url].flatMap((url) =>
        url === undefined ? [] : [Number(new URL(url).port)],
      ),
      reached:
        config.provider?.publicUrl !== undefined ? 'named' : listener === undefined ? 'gateway' : 'listener',
    },
    brain: openBrain(() => made, {
      config: config.brain,
      asked: options.conversationAccess,
      stopping: stopping.signal,
      soon: () => tending.soon(),
    }),
    patience: { firstByteMs: 30_000, silenceMs: 60_000, ...config.model },
    site,
    ownUrl,
    taking: leaseTaking(),
    conversation: { ...conversation, permitted: options.conversationAccess },
    startedAt,
    now,
    report,
  }
  web3 = made

  let swept: RetentionPosition | undefined
  let settled: string | undefined
  const tending = tendPeriodically({
    async work() {
      if (marketState().status !== 'running' || options.problems.length > 0) return
      if (vault !== undefined) {
        await recoverPending(made, stopping.signal)
        await endWaiting(made, stopping.signal)
        settled = await settleSpends(made, stopping.signal, settled)
        await closeSessions(made, stopping.signal)
      }
      const { next } = await sweepStoredFiles({ market: usable, backends, report }, 100, swept)
      swept = next
      await tendShared(made)
    },
    report,
  })

  let opening: Promise<void> = Promise.resolve()
  const open = async (market: Market): Promise<void> => {
    announce(market)
    const box = await market.secretBox('consumer-vault')
    vault ??= await openVault({ file: vaultFile(options.stateDirectory), box, now })
    tending.soon()
  }
  const unlisten = onMarketState((state) => {
    if (state.status !== 'running' || options.problems.length > 0) return
    const { market } = state
    opening = opening
      .then(() => open(market))
      .catch((error: unknown) => report('the vault of lease tokens', error))
  })
  await opening
  const running: RunningWeb3 = {
    web3: made,
    http,
    async stop() {
      withdrawRunning(running)
      unlisten()
      stopping.abort()
      await made.brain.close()
      await conversation.settled()
      await listener?.close()
      await opening
      await tending.stop()
      sharing.close()
      await seen.stop()
      loaded.close()
    },
  }
  publishRunning(running)
  return running
}

/** The system's word for it: its message may name an address. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}

/** The listener is there before what it serves is. */
function starting(): never {
  throw new MarketError('E_UNAVAILABLE', 'the market is starting', { hint: 'Try again in a few seconds.' })
}

function misconfigured(problems: readonly ConfigProblem[]): MarketError {
  const text = problems.map(({ key, problem }) => `${key === '' ? 'the config' : key} ${problem}`).join('; ')
  return new MarketError('E_NOT_CONFIGURED', `web3-core: ${text}`, {
    details: { plugin: 'web3-core', problems },
    hint: 'Mend these keys under plugins.entries.web3-core.config and restart the gateway.',
  })
}

/** A listener on every address is reached on the loopback one. */
function reachable(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
}

function trimmed(url: string): string {
  return url.replace(/\/+$/, '')
}
