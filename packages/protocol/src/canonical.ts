import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import canonicalize from 'canonicalize'

/** RFC 8785 (JCS) text of a JSON value. The value must be JSON already: no bigint, no undefined in arrays. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('only a JSON value has a canonical form')
  return text
}

export function sha256Hex(data: string | Uint8Array): string {
  return bytesToHex(sha256(typeof data === 'string' ? utf8ToBytes(data) : data))
}

/** SHA-256 of the canonical JSON, in lower-case hex: the identity of offers, ledger entries and requests. */
export function canonicalHash(value: unknown): string {
  return sha256Hex(canonicalJson(value))
}
