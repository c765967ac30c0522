/** The running market as a service of the gateway: opened at start, swept by a timer, closed at stop. */
import { isMarketError } from '@openclaw-market/protocol/errors'
import { openMarket, type Market } from './open-market.ts'
import { readConfig, toOptions } from './config.ts'
import { describeProblems, marketState, setMarketState } from './handle.ts'

export interface ServiceLogger {
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

export interface MarketService {
  start(at: { readonly stateDir: string; readonly logger: ServiceLogger }): Promise<void>
  stop(): Promise<void>
}

const sweepLimit = 500

export function marketService(pluginConfig: () => unknown): MarketService {
  let running: { market: Market; stopSweeping: () => Promise<void> } | undefined
  return {
    async start({ stateDir, logger }) {
      const read = readConfig(pluginConfig())
      if (!read.ok) {
        setMarketState({ status: 'misconfigured', problems: read.problems })
        logger.error(`the market is off: ${describeProblems(read.problems)}`)
        return
      }
      // Only our own words go to the log: a cause may name a path, an address or what an upstream said.
      const report = (what: string, error: unknown): void => logger.error(`${what}: ${nameOf(error)}`)
      try {
        const market = await openMarket(toOptions(read.config, stateDir, report))
        running = {
          market,
          stopSweeping: sweepEvery(market, (read.config.sweepSeconds ?? 15) * 1000, report),
        }
        setMarketState({ status: 'running', market })
        logger.info(`market ${market.address} is open on the ${market.backend} store`)
      } catch (error) {
        const reason = isMarketError(error) ? error.message : 'the store or the wallet could not be opened'
        const hint = (isMarketError(error) ? error.hint : undefined) ?? 'See the log of the gateway.'
        setMarketState({ status: 'failed', reason, hint })
        logger.error(`the market is off: ${reason} ${hint}`)
      }
    },
    async stop() {
      const stopping = running
      running = undefined
      // A later start may have published its own market already: that one stays.
      const state = marketState()
      if (state.status !== 'running' || state.market === stopping?.market) setMarketState({ status: 'off' })
      await stopping?.stopSweeping()
      await stopping?.market.close()
    },
  }
}

/** One sweep at a time; the next begins a period after the last has ended. @returns how to stop, after the one that runs */
function sweepEvery(market: Market, periodMs: number, report: (what: string, error: unknown) => void) {
  let stopped = false
  let sweeping: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout
  const schedule = (): void => {
    timer = setTimeout(() => {
      sweeping = market
        .sweep(sweepLimit)
        .then(() => undefined)
        .catch((error: unknown) => report('sweep', error))
        .finally(() => {
          if (!stopped) schedule()
        })
    }, periodMs)
    timer.unref()
  }
  schedule()
  return async (): Promise<void> => {
    stopped = true
    clearTimeout(timer)
    await sweeping
  }
}

/** What kind of thing went wrong, in words that cannot carry a secret. */
function nameOf(error: unknown): string {
  if (isMarketError(error)) return `${error.code} ${error.message}`
  if (!(error instanceof Error)) return 'an unknown error'
  const place = error.stack?.split('\n').find((line) => /^\s+at /.test(line))
  const where = place?.match(/at (?:async )?([\w.$<>]+) /)?.[1]
  return where === undefined ? error.name : `${error.name} in ${where}`
}
