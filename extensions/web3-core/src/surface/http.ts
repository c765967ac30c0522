/** Everything under `/web3`: the API for outside wallets, the provider's routes, and our own 404 for the rest. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Market } from '@openclaw-market/market-core'
import { MarketError, toFailure } from '@openclaw-market/protocol/errors'
import type { Config } from '../plugin/config.ts'
import type { Web3 } from '../plugin/web3.ts'
import type { Backend } from '../provider/backends/backend.ts'
import { providerHandler } from '../provider/handler.ts'
import { apiHandler } from './http-api.ts'
import { respond } from './http-respond.ts'

export interface Web3HandlerOptions {
  readonly market: () => Market
  readonly web3: () => Web3
  readonly backends: ReadonlyMap<string, Backend>
  readonly config: Config
  readonly report: (what: string, error: unknown) => void
}

/** Never rejects, and always answers: what a plugin leaves unanswered under its prefix, the host answers with a page. */
export type Web3Handler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

const requestsPerMinute = 1_200

export function web3Handler({ market, web3, backends, config, report }: Web3HandlerOptions): Web3Handler {
  const { checkpointMs } = config.provider ?? {}
  const provider = providerHandler({
    market,
    backends,
    now: Date.now,
    report,
    ...(checkpointMs === undefined ? {} : { checkpointMs }),
  })
  const api = apiHandler({
    web3,
    maxRequestsPerMinute: config.api?.maxRequestsPerMinute ?? requestsPerMinute,
  })
  return async (request, response) => {
    if ((await provider(request, response)) || (await api(request, response))) return true
    await respond(request, response, toFailure(nothingHere()))
    return true
  }
}

function nothingHere(): MarketError {
  return new MarketError('E_NOT_FOUND', 'there is nothing at this path', {
    hint: 'Wallets use POST /web3/api/<method>; leaseholders use /web3/resources/… and /web3/v1/….',
  })
}
