/**
 * Another market, as this gateway's node wallet sees it: an outside wallet with signed requests (DESIGN §4). What comes
 * back is parsed like anything else from outside, and its words are its own.
 */
import { Type, type Static, type TObject } from '@sinclair/typebox'
import type { Market } from '@openclaw-market/market-core'
import { MarketError, type ErrorCode } from '@openclaw-market/protocol/errors'
import type { Contract } from '@openclaw-market/protocol/operation'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { signRequest } from '../identity/sign-request.ts'
import { foreignCodes, foreignFailure } from './foreign-failure.ts'
import { neverSent } from './never-sent.ts'
import { readBounded } from './read-bounded.ts'
import { quoteMemory, type QuoteMemory } from './quote-memory.ts'

export interface MarketIdentity {
  /** Its node wallet: whom our signatures address. */
  readonly address: ActorId
  readonly chainId: number
}

export interface RemoteMarket {
  readonly name: string
  /** Where its routes are, without a slash at the end. From local config; never shown. */
  readonly url: string
  /** What it has quoted us. */
  readonly quotes: QuoteMemory
  identity(): Promise<MarketIdentity>
  /**
   * @throws MarketError a code that the contract declares, as the market says it; E_INVALID_ARGUMENT likewise. Else
   *   E_UNAVAILABLE or E_TIMEOUT; and for `money`, when the request may have arrived, E_OUTCOME_UNKNOWN.
   */
  call<P extends TObject, R extends TObject>(contract: Contract<P, R>, params: Static<P>): Promise<Static<R>>
}

export interface RemoteMarketConfig {
  readonly name: string
  readonly url: string
  /** When given, the market must be this one. */
  readonly address?: ActorId
}

const timeoutMs = 20_000
const maxAnswerBytes = 8 * 1024 * 1024

const Identity = Type.Object({
  market: Type.Object({ address: ActorId, chainId: Type.Integer({ minimum: 1 }) }),
})

/** @param stopping aborts what is under way when this gateway's part stops */
export function remoteMarket(
  config: RemoteMarketConfig,
  local: () => Market,
  stopping: AbortSignal,
): RemoteMarket {
  let known: MarketIdentity | undefined

  const post = async (
    method: string,
    json: unknown,
    headers: Readonly<Record<string, string>>,
  ): Promise<unknown> => {
    const response = await fetch(`${config.url}/web3/api/${method}`, {
      method: 'POST',
      redirect: 'error',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(json),
      signal: AbortSignal.any([stopping, AbortSignal.timeout(timeoutMs)]),
    })
    return JSON.parse((await readBounded(response, maxAnswerBytes)).toString('utf8'))
  }

  const identity = async (): Promise<MarketIdentity> => {
    if (known !== undefined) return known
    const answer = await post('web3.capabilities.list', { group: 'siwe' }, {}).catch((error: unknown) => {
      throw silent(config.name, error)
    })
    if (codec(Identity).problem(answer) !== undefined) throw strange(config.name)
    const { market } = codec(Identity).decode(answer)
    if (config.address !== undefined && market.address !== config.address) throw anotherMarket(config.name)
    if (market.address === local().address) throw ourselves(config.name)
    known = market
    return market
  }

  return {
    name: config.name,
    url: config.url,
    quotes: quoteMemory(),
    identity,
    async call(contract, params) {
      const { address, chainId } = await identity()
      const market = local()
      const json = codec(contract.params).encode(params)
      const headers = await signRequest({
        signer: { address: market.address, signTypedData: (typed) => market.prover.sign(typed) },
        market: address,
        method: contract.name,
        params: json,
        chainId,
        now: market.now(),
      })
      const answer = await post(contract.name, json, headers).catch((error: unknown) => {
        throw contract.effect === 'money' && !neverSent(error)
          ? lost(config.name)
          : silent(config.name, error)
      })
      const failure = foreignFailure(answer, `market ${config.name}`)
      // It may be another one behind the same address now.
      if (failure?.code === 'E_AUTH_REQUIRED') known = undefined
      if (failure !== undefined) throw understood(config.name, contract, failure)
      return readResult(config.name, contract, answer)
    },
  }
}

function readResult<P extends TObject, R extends TObject>(
  name: string,
  contract: Contract<P, R>,
  answer: unknown,
): Static<R> {
  const { ok, ...rest } = (answer ?? {}) as Record<string, unknown>
  if (ok === true && codec(contract.result).problem(rest) === undefined)
    return codec(contract.result).decode(rest)
  throw contract.effect === 'money' ? lost(name) : strange(name)
}

/** What is between the two markets (sign-in, rates, a defect over there) is not what the caller asked about. */
function understood(name: string, { effect, errors }: Contract, failure: MarketError): MarketError {
  const own: readonly ErrorCode[] = ['E_INVALID_ARGUMENT', 'E_OUTCOME_UNKNOWN', ...foreignCodes(errors)]
  if (own.includes(failure.code)) return failure
  if (failure.code === 'E_INTERNAL' && effect === 'money') return lost(name)
  return new MarketError(
    'E_UNAVAILABLE',
    `the market ${name} does not serve this gateway now: ${failure.message}`,
    {
      details: { market: name, code: failure.code },
      hint:
        failure.code === 'E_AUTH_REQUIRED'
          ? 'Its clock and the clock of this gateway may differ, or its wallet has changed. Try again.'
          : 'Try again later, or use another market.',
    },
  )
}

function silent(name: string, cause: unknown): MarketError {
  const slow = cause instanceof Error && cause.name === 'TimeoutError'
  return new MarketError(slow ? 'E_TIMEOUT' : 'E_UNAVAILABLE', `the market ${name} does not answer`, {
    details: { market: name },
    hint: 'Try again later, or use another market.',
  })
}

function lost(name: string): MarketError {
  return new MarketError('E_OUTCOME_UNKNOWN', `the answer of the market ${name} was lost`, {
    details: { market: name },
    hint: 'It may have been done. Look at your leases with {{web3.resources.leases}}, or repeat with the same idempotencyKey.',
  })
}

function strange(name: string): MarketError {
  return new MarketError(
    'E_UNAVAILABLE',
    `the market ${name} answers in a form that this version does not know`,
    {
      details: { market: name },
      hint: 'One of the two needs an update.',
    },
  )
}

/** What we sign for ourselves could be sent to us, and would be carried out here. */
function ourselves(name: string): MarketError {
  return new MarketError('E_UNAVAILABLE', `the market ${name} says that it is this one`, {
    details: { market: name },
    hint: 'Nothing was sent. Take it out of markets in the config, or correct its url.',
  })
}

function anotherMarket(name: string): MarketError {
  return new MarketError('E_UNAVAILABLE', `the market ${name} is not the one that the config names`, {
    details: { market: name },
    hint: 'Its address differs from markets[].address. Nothing was sent; ask its operator.',
  })
}
