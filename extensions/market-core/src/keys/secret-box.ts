/**
 * Encryption at rest for what is not a key: AES-256-GCM under a key derived from the passphrase file's secret by
 * HKDF-SHA-256 (RFC 5869), one key for each purpose, so that what one purpose wrote never opens as another.
 *
 * A box: version (1 byte) ‖ nonce (12 random bytes) ‖ ciphertext ‖ tag (16 bytes). Random nonces are safe for 2^32
 * boxes a key (NIST SP 800-38D §8.3), which no vault reaches.
 */
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { MarketError } from '@openclaw-market/protocol/errors'
import { passphraseMissing, readPassphrase } from './passphrase.ts'

export interface SecretBox {
  /** @param context what the box is and where it belongs; authenticated, not stored; `open` must name the same. */
  seal(plain: Uint8Array, context: string): Uint8Array
  /** @throws MarketError E_NOT_CONFIGURED when the box was changed, or made with another key, purpose or context. */
  open(box: Uint8Array, context: string): Uint8Array
}

export interface SecretBoxOptions {
  /** The node wallet's; it has been made by `openNodeWallet`. */
  readonly passphraseFile: string
  /** kebab-case, e.g. `consumer-vault`. */
  readonly purpose: string
}

const version = 1
const nonceBytes = 12
const tagBytes = 16
const headBytes = 1 + nonceBytes

/** @throws MarketError E_NOT_CONFIGURED when the passphrase file is missing, exposed or empty. */
export async function openSecretBox({ passphraseFile, purpose }: SecretBoxOptions): Promise<SecretBox> {
  const passphrase = await readPassphrase(passphraseFile)
  if (passphrase === undefined) throw passphraseMissing()
  return secretBox(passphrase, purpose)
}

/** @param secret has the entropy of a key: HKDF does not stretch. `passphrase.ts` refuses short ones. */
export function secretBox(secret: string, purpose: string): SecretBox {
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(purpose)) throw new RangeError('a purpose is a short name in kebab-case')
  const info = `openclaw-web3-market/secret-box/${version}/${purpose}`
  // No salt: the input is a uniform secret that is used for nothing but this and scrypt (RFC 5869 §3.1).
  const key = createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', info, 32)))
  return {
    seal: (plain, context) => seal(key, plain, context),
    open: (box, context) => open(key, box, context),
  }
}

function seal(key: KeyObject, plain: Uint8Array, context: string): Uint8Array {
  const head = Buffer.concat([Buffer.of(version), randomBytes(nonceBytes)])
  const cipher = createCipheriv('aes-256-gcm', key, head.subarray(1), { authTagLength: tagBytes })
  cipher.setAAD(associated(head, context))
  return Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

function open(key: KeyObject, box: Uint8Array, context: string): Uint8Array {
  if (box.length < headBytes + tagBytes || box[0] !== version) throw doesNotOpen()
  const head = box.subarray(0, headBytes)
  const decipher = createDecipheriv('aes-256-gcm', key, head.subarray(1), { authTagLength: tagBytes })
  decipher.setAAD(associated(head, context))
  decipher.setAuthTag(box.subarray(-tagBytes))
  try {
    return Buffer.concat([decipher.update(box.subarray(headBytes, -tagBytes)), decipher.final()])
  } catch {
    throw doesNotOpen()
  }
}

function associated(head: Uint8Array, context: string): Uint8Array {
  return Buffer.concat([head.subarray(0, 1), Buffer.from(context, 'utf8')])
}

function doesNotOpen(): MarketError {
  return new MarketError(
    'E_NOT_CONFIGURED',
    'what was encrypted does not open: it was changed, or closed with another passphrase',
    {
      details: { config: 'passphraseFile', reason: 'wrong' },
      hint: 'Point passphraseFile at the passphrase it was closed with. If that is the right one, restore the encrypted file from a backup.',
    },
  )
}
