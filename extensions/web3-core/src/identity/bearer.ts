/**
 * Session bearers: what a wallet carries after a SIWE sign-in (RFC 6750). 256 random bits, handed out once; only the
 * SHA-256 is kept, so that a copy of the store opens no session.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { sha256Hex } from '@openclaw-market/protocol/canonical'

export interface NewBearer {
  /** For the wallet's eyes alone, once. */
  readonly bearer: string
  readonly bearerHash: string
}

const form = /^ses_[A-Za-z0-9_-]{43}$/

export function newBearer(): NewBearer {
  const bearer = `ses_${randomBytes(32).toString('base64url')}`
  return { bearer, bearerHash: hashBearer(bearer) }
}

/**
 * What sessions are looked up by. An index may compare it in any time it likes: what can be learnt from timing is the
 * hash of a guess, which brings nobody nearer to a bearer.
 */
export function hashBearer(bearer: string): string {
  return sha256Hex(bearer)
}

/** @returns undefined when the header is not there or holds something else than a session bearer, e.g. a lease token. */
export function readBearer(authorization: string | undefined): string | undefined {
  const token = authorization?.match(/^Bearer ([^\s]{1,128})$/i)?.[1]
  return token !== undefined && form.test(token) ? token : undefined
}

/** Compares two hashes in the time that their length takes, for the places that hold one and are given another. */
export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8')]
  return left.length === right.length && timingSafeEqual(left, right)
}
