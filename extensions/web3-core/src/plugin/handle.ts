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
  return runningPart().web3
}

/** @throws MarketError E_UNAVAILABLE before start and after stop */
export function runningPart(): RunningWeb3 {
  const { running } = handle()
  if (running !== undefined && handle().version === version) return running
  throw new MarketError('E_UNAVAILABLE', 'web3-core is not running', {
    hint: 'It starts with the gateway; try again when the gateway is ready.',
  })
}
