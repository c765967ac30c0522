/**
 * Calling a leased resource as its holder: the token from the vault, a request id of our own so that no call is
 * ever billed twice, and our own count of what came back.
 */
import { randomUUID } from 'node:crypto'
import { SessionKey } from '@openclaw-market/protocol/entities/policy'
import { isMarketError, MarketError, type ErrorCode } from '@openclaw-market/protocol/errors'
import type { LeaseId } from '@openclaw-market/protocol/ids'
import type { ResourceKind } from '@openclaw-market/protocol/money/units'
import type { Principal } from '@openclaw-market/protocol/principal'
import { codec } from '@openclaw-market/protocol/schema/codec'
import type { Call } from '../capabilities/capability.ts'
import type { Web3 } from '../plugin/web3.ts'
import { jsonOf } from '../provider/backends/json.ts'
import { takeCallSpend, type CallSpend, type Claimed, type Demand } from './budget.ts'
import { claimedIn } from './claimed.ts'
import { foreignCodes, foreignFailure, unrepeated } from './foreign-failure.ts'
import { neverSent } from './never-sent.ts'
import { readBounded } from './read-bounded.ts'
import type { VaultEntry } from './vault.ts'

export interface LeaseCall {
  readonly method: 'GET' | 'POST'
  /** Below the market's base, e.g. `/web3/resources/search/query`. */
  readonly path: string
  readonly body?: unknown
  readonly accept?: string
  readonly timeoutMs: number
  /** Codes that the capability declares. */
  readonly errors: readonly ErrorCode[]
  /** Whether another lease may have what this one has not. */
  readonly elsewhere?: true
  readonly demand: Demand
}

export interface LeaseAnswer {
  readonly entry: VaultEntry & { readonly leaseId: LeaseId }
  readonly requestId: string
  readonly body: Buffer
  readonly headers: Headers
  /** What was taken from the budget for it: settled with the receipt. */
  readonly spend: CallSpend
  /** The conversation that it was made for. */
  readonly sessionKey?: string
}

const maxAnswerBytes = 64 * 1024 * 1024

/** Leases of this kind that may still serve, longest-lived first; or the one that is named. */
export function usableLeases(
  web3: Web3,
  kind: ResourceKind,
  named: LeaseId | undefined,
): readonly LeaseAnswer['entry'][] {
  const held = web3.vault().list({ state: 'active', kind })
  const usable = held.flatMap((entry) =>
    entry.leaseId !== undefined && entry.ending === undefined && (entry.expiresAt ?? 0) > web3.now()
      ? [{ ...entry, leaseId: entry.leaseId }]
      : [],
  )
  if (named === undefined) return [...usable].sort((a, b) => (b.expiresAt ?? 0) - (a.expiresAt ?? 0))
  const chosen = usable.filter(({ leaseId }) => leaseId === named)
  if (chosen.length > 0) return chosen
  throw new MarketError('E_NOT_FOUND', `this gateway holds no active ${kind} lease ${named}`, {
    hint: 'Look at your leases with {{web3.resources.leases}}, or take one with {{web3.resources.lease}}.',
  })
}

/**
 * Calls the first lease that serves. Another one is tried only when the first surely did nothing: it is over or spent, or
 * its provider cannot be reached or does not serve. When none does, one that could not be asked is the answer before one
 * that is over: it may have what the others have not.
 */
export async function callLease(
  by: Call,
  leases: readonly LeaseAnswer['entry'][],
  call: LeaseCall,
): Promise<LeaseAnswer> {
  const { web3 } = by
  const failures: MarketError[] = []
  for (const entry of leases) {
    const requestId = randomUUID()
    const spend = await takeCallSpend(by, entry, requestId, call.demand)
    let refusal: MarketError
    try {
      const answer = await callOne(web3, entry, requestId, call)
      if (!('refusal' in answer)) return { ...answer, spend, ...conversationOf(by.who) }
      refusal = answer.refusal
      if (!isSilence(refusal)) await spend.refused(answer.claimed)
    } catch (error) {
      if (!isMarketError(error)) throw error
      refusal = error
      if (!isSilence(refusal)) await spend.settle(0n)
    }
    if (!surelyNothing(refusal, call)) throw refusal
    failures.push(refusal)
    if (refusal.code === 'E_EXPIRED' || refusal.code === 'E_REVOKED') await web3.vault().close(entry.leaseId)
  }
  throw (
    failures.find(({ code }) => code === 'E_UNAVAILABLE') ??
    failures.at(-1) ??
    new MarketError('E_NOT_FOUND', 'there is no lease to call', {
      hint: 'Take one with {{web3.resources.lease}}.',
    })
  )
}

/** What no record could keep counts as not said. */
function conversationOf(who: Principal): Pick<LeaseAnswer, 'sessionKey'> {
  const sessionKey = who.kind === 'node' ? who.run?.sessionKey : undefined
  return sessionKey === undefined || codec(SessionKey).problem(sessionKey) !== undefined ? {} : { sessionKey }
}

function surelyNothing({ code }: MarketError, { elsewhere }: LeaseCall): boolean {
  const may: readonly ErrorCode[] = ['E_EXPIRED', 'E_REVOKED', 'E_QUOTA_EXCEEDED', 'E_UNAVAILABLE']
  return may.includes(code) || (elsewhere === true && code === 'E_NOT_FOUND')
}

/** Nobody knows what was done, and the most that it can come to stays counted. */
function isSilence({ code }: MarketError): boolean {
  const silence: readonly ErrorCode[] = ['E_OUTCOME_UNKNOWN', 'E_INTERNAL', 'E_TIMEOUT']
  return silence.includes(code)
}

/** The provider has answered that it did nothing. What it bills for that, it says beside, or its market does. */
interface Refused {
  readonly refusal: MarketError
  readonly claimed: Claimed
}

async function callOne(
  web3: Web3,
  entry: LeaseAnswer['entry'],
  requestId: string,
  call: LeaseCall,
): Promise<Omit<LeaseAnswer, 'spend'> | Refused> {
  const token = web3.vault().token(entry.leaseId)
  const response = await send(`${baseOf(web3, entry)}${call.path}`, call, {
    authorization: `Bearer ${token}`,
    'x-openclaw-request-id': requestId,
  })
  if (!response.ok)
    return { refusal: readFailure(response, call.errors, token), claimed: claimedIn(response.headers) }
  return { entry, requestId, body: response.body, headers: response.headers }
}

/** By the config of today where it still names the market: an address may have moved since the lease was taken. */
export function baseOf({ markets, ownUrl }: Web3, { market, baseUrl }: VaultEntry): string {
  return markets.remotes.find(({ name }) => name === market)?.url ?? baseUrl ?? ownUrl
}

interface Answered {
  readonly ok: boolean
  readonly status: number
  readonly headers: Headers
  readonly body: Buffer
}

async function send(
  url: string,
  { method, body, accept, timeoutMs }: LeaseCall,
  headers: Readonly<Record<string, string>>,
): Promise<Answered> {
  const response = await fetch(url, {
    method,
    redirect: 'error',
    headers: {
      ...headers,
      ...(accept === undefined ? {} : { accept }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((error: unknown) => {
    throw unanswered(error, timeoutMs)
  })
  const read = await readBounded(response, maxAnswerBytes).catch(() => {
    throw lost('the answer of the provider broke off')
  })
  return { ok: response.ok, status: response.status, headers: response.headers, body: read }
}

function unanswered(error: unknown, timeoutMs: number): MarketError {
  return neverSent(error)
    ? new MarketError('E_UNAVAILABLE', 'the provider cannot be reached', {
        hint: 'Try again later, or lease another.',
      })
    : lost(`the provider did not answer${isTimeout(error) ? ` within ${timeoutMs / 1_000} s` : ''}`)
}

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError'
}

/** Nobody knows: it may have been done, and billed. */
export function lost(what: string): MarketError {
  return new MarketError('E_OUTCOME_UNKNOWN', what, {
    hint: 'Look at the lease with {{web3.resources.status}} before repeating: the call may have been billed.',
  })
}

/** A code that this capability does not declare is between the provider and us. */
function readFailure({ body, status }: Answered, errors: readonly ErrorCode[], token: string): MarketError {
  const failure = foreignFailure(unrepeated(jsonOf(body.toString()), token))
  const may: readonly ErrorCode[] = [
    'E_INVALID_ARGUMENT',
    'E_UNAVAILABLE',
    'E_OUTCOME_UNKNOWN',
    ...foreignCodes(errors),
  ]
  if (failure !== undefined && may.includes(failure.code)) return failure
  // A gateway between us and the provider knows no envelopes, and not what became of the request either.
  if (failure === undefined ? status >= 500 : failure.code === 'E_INTERNAL')
    return lost('the provider failed in the middle')
  return new MarketError('E_UNAVAILABLE', 'the provider does not take the calls of this lease', {
    ...(failure === undefined ? {} : { details: { code: failure.code } }),
    hint: 'Look at the lease with {{web3.resources.status}}; lease another, or revoke this one.',
  })
}
