/** The node wallet's key at rest: encrypted JSON, version 3 ("Web3 Secret Storage"), which every wallet can import. */
import { randomBytes } from 'node:crypto'
import { Type } from '@sinclair/typebox'
import { computeAddress, decryptKeystoreJson, encryptKeystoreJson, hexlify, isError } from 'ethers'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import type { MarketError } from '@openclaw-market/protocol/errors'
import { notConfigured } from './secret-file.ts'

/**
 * scrypt (RFC 7914) with N = 2^15, r = 8, p = 1: 32 MiB and about 0.14 s a start, with ethers' JavaScript scrypt on a
 * slow two-core machine; ethers' default of 2^17 took 0.6 s and 128 MiB there, too near to a second. The passphrase
 * that we make has 256 bits of its own, against which no guessing helps at any N.
 */
const scrypt = { N: 2 ** 15, r: 8, p: 1 } as const

/** A keystore that an operator brings may cost more (geth: 2^18 × 8), but never all memory. */
const largestCost = 2 ** 18 * 8

const hex = (bytes: number) => Type.String({ pattern: `^[0-9a-fA-F]{${bytes * 2}}$` })

const checked = codec(
  closed({
    version: Type.Literal(3),
    address: Type.String({ pattern: '^(0x)?[0-9a-fA-F]{40}$' }),
    crypto: closed({
      cipher: Type.Literal('aes-128-ctr'),
      cipherparams: closed({ iv: hex(16) }),
      ciphertext: hex(32),
      kdf: Type.Literal('scrypt'),
      kdfparams: closed({
        salt: Type.String({ pattern: '^([0-9a-fA-F]{2}){8,64}$' }),
        n: Type.Integer({ minimum: 2, maximum: largestCost }),
        r: Type.Integer({ minimum: 1, maximum: 64 }),
        p: Type.Integer({ minimum: 1, maximum: 8 }),
        dklen: Type.Literal(32),
      }),
      mac: hex(32),
    }),
  }),
)

/** A fresh key: random bytes rather than a mnemonic, which would be a second secret to guard. */
export async function newKeystore(passphrase: string): Promise<string> {
  const privateKey = hexlify(randomBytes(32))
  return encryptKeystoreJson({ address: computeAddress(privateKey), privateKey }, passphrase, { scrypt })
}

/**
 * The private key of a keystore.
 * @throws MarketError E_NOT_CONFIGURED; what ethers says may hold parts of the file, so none of it is kept.
 */
export async function openKeystore(json: string, passphrase: string): Promise<`0x${string}`> {
  const parsed = parse(json)
  try {
    const { privateKey } = await decryptKeystoreJson(JSON.stringify(parsed), passphrase)
    return `0x${privateKey.slice(2)}`
  } catch (error) {
    // The MAC covers the ciphertext under the derived key: a wrong passphrase and a changed file fail it alike.
    throw isError(error, 'INVALID_ARGUMENT') && error.argument === 'password' ? doesNotOpen() : damaged()
  }
}

/** Only what was checked goes on to ethers, which searches fields without regard to case. */
function parse(json: string): unknown {
  let file: unknown
  try {
    file = JSON.parse(json)
  } catch {
    throw damaged()
  }
  if (typeof file !== 'object' || file === null) throw damaged()
  const { version, address, crypto, Crypto } = file as Record<string, unknown> // ethers writes Crypto, geth crypto
  const keystore: unknown = { version, address, crypto: crypto ?? Crypto }
  if (checked.problem(keystore) !== undefined) throw damaged()
  const { n, r, p } = checked.decode(keystore).crypto.kdfparams
  if (n * r * p > largestCost) throw damaged()
  return keystore
}

function damaged(): MarketError {
  return notConfigured(
    'keyDirectory',
    'damaged',
    'the keystore of the node wallet is damaged or of an unknown form',
    'Restore the keystore in keyDirectory from a backup. It is never overwritten or replaced on its own.',
  )
}

function doesNotOpen(): MarketError {
  return notConfigured(
    'passphraseFile',
    'wrong',
    'the passphrase does not open the keystore of the node wallet',
    'Point passphraseFile at the passphrase of this keystore. If it is the right one, the keystore was changed: restore it from a backup.',
  )
}
