/**
 * The key that signs the log's checkpoints: Ed25519, of its own, so that what it signs can never be taken for what the node
 * wallet signs. Made at first start beside the wallet, encrypted at rest under the same passphrase.
 */
import { createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto'
import { join } from 'node:path'
import { Type } from '@sinclair/typebox'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import type { NodeWalletOptions } from './node-wallet.ts'
import { openSecretBox } from './secret-box.ts'
import { makeSecretFile, notConfigured, readSecretFile, sweepUnfinished } from './secret-file.ts'
import type { SecretFile } from './secret-file.ts'

export interface LogKey {
  /** 32 bytes. */
  readonly publicKey: Buffer
  sign(message: Uint8Array): Buffer
}

const largestFile = 1_024
const seedBytes = 32
const purpose = 'log-key'
/** What stands before the seed in the DER form of an Ed25519 private key (RFC 8410). */
const derHead = Buffer.from('302e020100300506032b657004220420', 'hex')

const FileForm = closed({
  version: Type.Literal(1),
  publicKey: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  sealed: Type.String({ maxLength: 256 }),
})

/**
 * Opens the key, or makes it at first start. The node wallet is opened before: directory and passphrase are there.
 * @throws MarketError E_NOT_CONFIGURED
 */
export async function openLogKey({ keyDirectory, passphraseFile }: NodeWalletOptions): Promise<LogKey> {
  const file: SecretFile = { config: 'keyDirectory', path: join(keyDirectory, 'log-key.json') }
  const box = await openSecretBox({ passphraseFile, purpose })
  const there = await readSecretFile(file, largestFile)
  if (there === undefined) {
    const seed = randomBytes(seedBytes)
    const form = {
      version: 1,
      publicKey: keyOf(seed).publicKey.toString('hex'),
      sealed: Buffer.from(box.seal(seed, purpose)).toString('base64'),
    }
    await makeSecretFile(file, `${JSON.stringify(form)}\n`)
  }
  const content = there ?? (await readSecretFile(file, largestFile))
  const form = readForm(content)
  const key = keyOf(Buffer.from(box.open(Buffer.from(form.sealed, 'base64'), purpose)))
  if (key.publicKey.toString('hex') !== form.publicKey) throw damaged()
  await sweepUnfinished(file)
  return key
}

function keyOf(seed: Buffer): LogKey {
  const privateKey = createPrivateKey({ key: Buffer.concat([derHead, seed]), format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32)
  return { publicKey, sign: (message) => sign(null, message, privateKey) }
}

function readForm(content: Buffer | undefined) {
  let json: unknown
  try {
    json = JSON.parse(content?.toString('utf8') ?? '')
  } catch {
    throw damaged()
  }
  if (codec(FileForm).problem(json) !== undefined) throw damaged()
  return codec(FileForm).decode(json)
}

function damaged(): Error {
  return notConfigured(
    'keyDirectory',
    'damaged',
    "the file of the log's key is damaged or of an unknown form",
    'Restore log-key.json in keyDirectory from a backup. It is never overwritten or replaced on its own.',
  )
}
