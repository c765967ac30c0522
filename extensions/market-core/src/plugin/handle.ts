/**
 * How parts of one gateway process find the running market. A plugin is evaluated more than once in a process, so the
 * place is a versioned symbol of the process, looked up on every call; what is found there are plain data and functions.
 */
import { MarketError } from '@openclaw-market/protocol/errors'
import type { Market } from './open-market.ts'
import type { ConfigProblem } from './config.ts'

/** Raised when what crosses the handle changes its meaning. */
export const handleVersion = 1

export type MarketState =
  | { readonly status: 'off' }
  | { readonly status: 'running'; readonly market: Market }
  | { readonly status: 'misconfigured'; readonly problems: readonly ConfigProblem[] }
  | { readonly status: 'failed'; readonly reason: string; readonly hint: string }

interface Handle {
  readonly version: number
  /** Counts starts, so that what was made for one market is not used with the next. */
  generation: number
  state: MarketState
  readonly listeners: Set<(state: MarketState) => void>
}

const place = Symbol.for('openclaw-web3-market.market-core')

function handle(): Handle {
  const process_ = globalThis as { [place]?: Handle }
  process_[place] ??= {
    version: handleVersion,
    generation: 0,
    state: { status: 'off' },
    listeners: new Set(),
  }
  return process_[place]
}

export function setMarketState(state: MarketState): void {
  const at = handle()
  if (state.status === 'running') at.generation += 1
  at.state = state
  for (const listener of at.listeners) listener(state)
}

export function marketState(): MarketState {
  const at = handle()
  if (at.version !== handleVersion) {
    return {
      status: 'failed',
      reason: `market-core of this process speaks handle version ${at.version}, not ${handleVersion}`,
      hint: 'Update market-core and web3-core together.',
    }
  }
  return at.state
}

/** Told of every change from now on, and at once of the present state. @returns how to stop listening */
export function onMarketState(listener: (state: MarketState) => void): () => void {
  const at = handle()
  at.listeners.add(listener)
  listener(marketState())
  return () => void at.listeners.delete(listener)
}

export function marketGeneration(): number {
  return handle().generation
}

/** @throws MarketError E_UNAVAILABLE, E_NOT_CONFIGURED */
export function runningMarket(): Market {
  const state = marketState()
  switch (state.status) {
    case 'running':
      return state.market
    case 'off':
      throw new MarketError('E_UNAVAILABLE', 'the market is not running', {
        hint: 'It starts with the gateway; the plugin market-core must be enabled.',
      })
    case 'misconfigured':
      throw new MarketError('E_NOT_CONFIGURED', `market-core: ${describeProblems(state.problems)}`, {
        details: { plugin: 'market-core', problems: state.problems },
        hint: 'Mend these keys under plugins.entries.market-core.config and restart the gateway.',
      })
    case 'failed':
      throw new MarketError('E_NOT_CONFIGURED', `the market did not start: ${state.reason}`, {
        hint: state.hint,
      })
  }
}

export function describeProblems(problems: readonly ConfigProblem[]): string {
  return problems.map(({ key, problem }) => `${key === '' ? 'the config' : key} ${problem}`).join('; ')
}
