/**
 * Sign-In with Ethereum messages (EIP-4361): making them, reading them strictly, and saying what is wrong with one. The
 * clock is a parameter and the signature is somebody else's; nothing of `siwe`'s own verification is used.
 */
import { SiweMessage } from 'siwe'
import { MarketError } from '@openclaw-market/protocol/errors'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'

/** An EIP-4361 message as a plain object; times in milliseconds since the epoch. The version is always 1. */
export interface SiweFields {
  /** Absent in most wallets' messages: then the domain alone is claimed. */
  readonly scheme?: string
  /** RFC 3986 authority that asks, e.g. `localhost:18789`. */
  readonly domain: string
  readonly address: ActorId
  /** One line of ASCII that the person reads. */
  readonly statement?: string
  readonly uri: string
  readonly chainId: number
  /** At least 8 letters and digits. */
  readonly nonce: string
  readonly issuedAt: number
  readonly expirationTime?: number
  readonly notBefore?: number
  readonly requestId?: string
  readonly resources?: readonly string[]
}

export type NewSiweMessage = Omit<SiweFields, 'scheme' | 'notBefore' | 'requestId'> &
  Required<Pick<SiweFields, 'statement' | 'expirationTime'>>

/** Ours are about 400 characters; the parser's time grows with the length, so a stranger's is bounded first. */
const maxLength = 4_096

/** The text that a wallet signs by EIP-191. @throws RangeError when EIP-4361 cannot say these values. */
export function makeSiweMessage(fields: NewSiweMessage): string {
  try {
    const text = new SiweMessage({
      domain: fields.domain,
      address: fields.address,
      statement: fields.statement,
      uri: fields.uri,
      version: '1',
      chainId: fields.chainId,
      nonce: fields.nonce,
      issuedAt: new Date(fields.issuedAt).toISOString(),
      expirationTime: new Date(fields.expirationTime).toISOString(),
      ...(fields.resources === undefined ? {} : { resources: [...fields.resources] }),
    }).prepareMessage()
    parseSiweMessage(text)
    return text
  } catch {
    throw new RangeError('these values cannot be said in an EIP-4361 message')
  }
}

/**
 * Reads a message by the grammar of EIP-4361, and then only in the one form that writes back as the same text: the
 * grammar lets `Chain ID: 01` and numbers beyond 2^53 through.
 * @throws MarketError E_INVALID_ARGUMENT at `/message`; the parser's own words repeat the input and are dropped.
 */
export function parseSiweMessage(text: string): SiweFields {
  if (text.length > maxLength) throw notSiwe('maxLength')
  let parsed: SiweMessage
  try {
    parsed = new SiweMessage(text)
    if (parsed.prepareMessage() !== text) throw notSiwe('canonical')
  } catch {
    throw notSiwe('EIP-4361')
  }
  if (!Number.isSafeInteger(parsed.chainId) || parsed.chainId < 1) throw notSiwe('chain-id')
  const issuedAt = timeOf(parsed.issuedAt)
  const expirationTime = timeOf(parsed.expirationTime)
  const notBefore = timeOf(parsed.notBefore)
  if (issuedAt === undefined) throw notSiwe('date-time')
  return {
    ...(parsed.scheme === undefined ? {} : { scheme: parsed.scheme }),
    domain: parsed.domain,
    address: codec(ActorId).decode(parsed.address),
    ...(parsed.statement === undefined ? {} : { statement: parsed.statement }),
    uri: parsed.uri,
    chainId: parsed.chainId,
    nonce: parsed.nonce,
    issuedAt,
    ...(expirationTime === undefined ? {} : { expirationTime }),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(parsed.requestId === undefined ? {} : { requestId: parsed.requestId }),
    ...(parsed.resources === undefined ? {} : { resources: parsed.resources }),
  }
}

/** RFC 3339 has a 61st second and calendar days that JavaScript's clock has not. */
function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw notSiwe('date-time')
  return time
}

function notSiwe(rule: string): MarketError {
  return new MarketError('E_INVALID_ARGUMENT', '/message: is not a Sign-In with Ethereum message', {
    details: { pointer: '/message', rule },
    hint: 'Sign the message of the challenge exactly as it came, and send it back unchanged.',
  })
}

export type SiweProblem =
  | 'wrong-domain'
  | 'wrong-scheme'
  | 'wrong-uri'
  | 'wrong-address'
  | 'wrong-chain'
  | 'wrong-nonce'
  | 'issued-in-future'
  | 'not-yet-valid'
  | 'never-expires'
  | 'expired'

export interface SiweExpectation {
  readonly domain: string
  readonly uri: string
  /** Whom the challenge was made for, when it was made for somebody. */
  readonly address?: ActorId
  readonly chainIds: readonly number[]
  readonly nonce: string
  readonly now: number
}

/** A client that writes its own message has a clock of its own. */
const clockSkewMs = 60_000

/** Everything that is wrong with a message; empty when it may be believed once its signature and nonce hold. */
export function checkSiwe(fields: SiweFields, expected: SiweExpectation): readonly SiweProblem[] {
  const { now } = expected
  const problems: readonly (readonly [SiweProblem, boolean])[] = [
    ['wrong-domain', fields.domain !== expected.domain],
    ['wrong-scheme', fields.scheme !== undefined && `${fields.scheme}:` !== new URL(expected.uri).protocol],
    ['wrong-uri', fields.uri !== expected.uri],
    ['wrong-address', expected.address !== undefined && fields.address !== expected.address],
    ['wrong-chain', !expected.chainIds.includes(fields.chainId)],
    ['wrong-nonce', fields.nonce !== expected.nonce],
    ['issued-in-future', fields.issuedAt > now + clockSkewMs],
    ['not-yet-valid', fields.notBefore !== undefined && fields.notBefore > now],
    ['never-expires', fields.expirationTime === undefined],
    ['expired', fields.expirationTime !== undefined && fields.expirationTime <= now],
  ]
  return problems.flatMap(([problem, holds]) => (holds ? [problem] : []))
}
