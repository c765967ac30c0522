/**
 * Checkpoints in the form that transparency logs share: the body of C2SP tlog-checkpoint (origin, size, root) inside a C2SP
 * signed note with an Ed25519 signature, so that tools for such logs read ours.
 */
import { createHash, createPublicKey, verify } from 'node:crypto'
import type { Hash } from './merkle.ts'

export interface NoteSigner {
  /** 32 bytes. */
  readonly publicKey: Buffer
  /** Ed25519 over these bytes. */
  sign(message: Uint8Array): Buffer
}

export interface TreeHead {
  readonly origin: string
  readonly size: number
  readonly root: Hash
}

const ed25519 = 1
const keyIdBytes = 4
const signatureBytes = 64

/** How signatures name the key: the first four bytes of a hash over its name and itself. */
export function keyId(name: string, publicKey: Buffer): Buffer {
  return createHash('sha256')
    .update(`${name}\n`)
    .update(Buffer.of(ed25519))
    .update(publicKey)
    .digest()
    .subarray(0, keyIdBytes)
}

/** The key as verifiers are given it: name, id and key in one line. */
export function verifierKey(name: string, publicKey: Buffer): string {
  const key = Buffer.concat([Buffer.of(ed25519), publicKey]).toString('base64')
  return `${name}+${keyId(name, publicKey).toString('hex')}+${key}`
}

/** @param text ends in a line end */
export function signNote(text: string, name: string, { publicKey, sign }: NoteSigner): string {
  const signature = Buffer.concat([keyId(name, publicKey), sign(Buffer.from(text, 'utf8'))])
  return `${text}\n— ${name} ${signature.toString('base64')}\n`
}

/** The text of a note that this key has signed; undefined when it has not. */
export function openNote(note: string, name: string, publicKey: Buffer): string | undefined {
  const end = note.lastIndexOf('\n\n')
  if (end < 0) return undefined
  const text = note.slice(0, end + 1)
  const id = keyId(name, publicKey)
  for (const line of note.slice(end + 2).split('\n')) {
    const [mark, signer, base64 = ''] = line.split(' ')
    const bytes = Buffer.from(base64, 'base64')
    if (mark !== '—' || signer !== name || bytes.length !== keyIdBytes + signatureBytes) continue
    if (!bytes.subarray(0, keyIdBytes).equals(id)) continue
    return verify(null, Buffer.from(text, 'utf8'), keyObject(publicKey), bytes.subarray(keyIdBytes))
      ? text
      : undefined
  }
  return undefined
}

export function checkpointText({ origin, size, root }: TreeHead): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`
}

/** Undefined for a text that is no checkpoint. */
export function readCheckpoint(text: string): TreeHead | undefined {
  const [origin = '', size = '', base64 = '', ...more] = text.split('\n')
  const root = Buffer.from(base64, 'base64')
  if (origin === '' || !/^(0|[1-9][0-9]{0,15})$/.test(size) || root.length !== 32) return undefined
  return more.length > 0 && more.at(-1) === '' ? { origin, size: Number(size), root } : undefined
}

/** What stands before the 32 bytes of an Ed25519 key in its DER form (RFC 8410). */
const derHead = Buffer.from('302a300506032b6570032100', 'hex')

function keyObject(publicKey: Buffer) {
  return createPublicKey({ key: Buffer.concat([derHead, publicKey]), format: 'der', type: 'spki' })
}
