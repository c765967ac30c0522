/** How the module instances of this plugin find the one that runs: see market-core's handle. */
import { MarketError } from '@openclaw-market/protocol/errors'
import type { RunningWeb3 } from './start.ts'
import type { Web3 } from './web3.ts'

interface Handle {
  readonly version: number
  running: RunningWeb3 | undefined
}

const version = 1
const place = Symbol.for('openclaw-web3-market.web3-core')

function handle(): Handle {
  const process_ = globalThis as { [place]?: Handle }
  process_[place] ??= { version, running: undefined }
  return process_[place]
}

export function publishRunning(running: RunningWeb3): void {
  handle().running = running
}

/** Takes back what this one has published; what a later one has stays. */
export function withdrawRunning(running: RunningWeb3): void {
  if (handle().running === running) handle().running = undefined
}

/** @throws MarketError E_UNAVAILABLE before start and after stop */
export function runningWeb3(): Web3 {
  const running = web3IfRunning()
  if (running !== undefined) return running
  throw new MarketError('E_UNAVAILABLE', 'web3-core is not running', {
    hint: 'It starts with the gateway; try again when the gateway is ready.',
  })
}

/** Undefined before start and after stop: for those who have to go on without us. */
export function web3IfRunning(): Web3 | undefined {
  return partIfRunning()?.web3
}

/** Undefined before start and after stop. */
export function partIfRunning(): RunningWeb3 | undefined {
  return handle().version === version ? handle().running : undefined
}
