/**
 * `POST /web3/api/<method>`: the registry for outside wallets and programs (DESIGN §4). Rate, method, body and schema come
 * before the question who asks, so that a request that can do nothing writes nothing, not even a spent nonce.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Market } from '@openclaw-market/market-core'
import { isMarketError, MarketError, toFailure, type Envelope } from '@openclaw-market/protocol/errors'
import { codec, invalidArgument } from '@openclaw-market/protocol/schema/codec'
import type { Capability } from '../capabilities/capability.ts'
import { unknownName, type Registry } from '../capabilities/registry.ts'
import { authenticate } from '../identity/authenticate.ts'
import type { Web3 } from '../plugin/web3.ts'
import { parseJson } from '../provider/json-body.ts'
import { bodyReader } from '../provider/read-body.ts'
import { addressRates } from './address-rates.ts'
import { respond } from './http-respond.ts'

const prefix = '/web3/api/'
export const maxBodyBytes = 1_048_576
/** Of all requests that are being read or carried out at a time. */
const bodiesInMemory = 64 * 1_048_576
/** Longest silence of a caller while its body arrives. */
const idleMs = 15_000
/** Longest that a body may take: nobody is proved yet, and 64 that never end would keep everyone else out. */
const wholeMs = 20_000

export interface ApiOptions {
  /** @throws MarketError while nothing runs */
  readonly web3: () => Web3
  readonly maxRequestsPerMinute: number
}

export type ApiHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

/** @returns a handler that answers false, untouched, for paths that are not its own. It never rejects. */
export function apiHandler({ web3, maxRequestsPerMinute }: ApiOptions): ApiHandler {
  const rates = addressRates(maxRequestsPerMinute)
  const bodies = bodyReader({ inMemory: bodiesInMemory, idleMs, wholeMs })

  const perform = async (request: IncomingMessage, method: string): Promise<Envelope> => {
    const running = web3()
    rates.take(request.socket.remoteAddress ?? '', running.now())
    if (request.method !== 'POST') throw onlyPost()
    const { registry } = running
    const capability = capabilityOf(registry, method)
    if (capability === undefined) throw unknownName(method)
    const body = await bodies.read(request, maxBodyBytes).catch((error: unknown) => {
      throw isMarketError(error) && error.code === 'E_PAYLOAD_TOO_LARGE' ? tooLarge() : error
    })
    try {
      const params = readParams(body.bytes, request.headers['content-type'])
      const problem = codec(capability.contract.params).problem(params)
      if (problem !== undefined) throw invalidArgument(problem)
      // What asks for nobody and needs no market, like the descriptions, is answered while it is off, too.
      const who =
        capability.facts.offline === true
          ? ({ kind: 'anyone' } as const)
          : await authenticate(marketOf(running), { headers: request.headers, method, params })
      const name = registry.naming.shown(capability.contract.name)
      return await registry.call(name, params, { who, door: 'api', web3: running })
    } finally {
      body.release()
    }
  }

  return async (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    if (!path.startsWith(prefix)) return false
    const envelope = await perform(request, path.slice(prefix.length)).catch((error: unknown) =>
      failure(error, web3),
    )
    await respond(request, response, envelope)
    return true
  }
}

/** By the protocol's own name, whatever this registry shows its butler; and by the name that it shows. */
function capabilityOf(registry: Registry, method: string): Capability | undefined {
  return registry.capabilities.find(({ contract }) => contract.name === method) ?? registry.find(method)
}

/** Why the market does not run is the operator's business, and not an outsider's. */
function marketOf(web3: Web3): Market {
  try {
    return web3.market()
  } catch {
    throw new MarketError('E_UNAVAILABLE', 'the market is not running', { hint: 'Try again in a while.' })
  }
}

function readParams(bytes: Uint8Array, contentType: string | undefined): unknown {
  return parseJson(bytes.byteLength === 0 ? Buffer.from('{}') : bytes, contentType)
}

function failure(error: unknown, web3: () => Web3): Envelope {
  const running = attempt(web3)
  if (!isMarketError(error)) {
    running?.report('a request to /web3/api', error)
    return toFailure(
      new MarketError('E_INTERNAL', 'the request failed for a reason of ours', {
        hint: 'The operator finds the cause in the log. Look before repeating: it may have been done.',
      }),
    )
  }
  return running === undefined ? toFailure(error) : running.registry.naming.resolve(toFailure(error))
}

function attempt(web3: () => Web3): Web3 | undefined {
  try {
    return web3()
  } catch {
    return undefined
  }
}

function onlyPost(): MarketError {
  return new MarketError('E_NOT_FOUND', 'this path takes POST only', {
    details: { allow: 'POST' },
    hint: 'Use POST, with the parameters as a JSON object.',
  })
}

function tooLarge(): MarketError {
  return new MarketError('E_PAYLOAD_TOO_LARGE', `the body is larger than ${maxBodyBytes} bytes`, {
    details: { maxBytes: maxBodyBytes },
    hint: 'Files go to the storage routes of a lease, not through the API.',
  })
}
