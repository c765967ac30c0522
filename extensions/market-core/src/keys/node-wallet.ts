/**
 * The node wallet: the key as which this gateway acts, pays and signs (DESIGN §4). Made at first start, encrypted at
 * rest, in a directory of its own; the decrypted key lives in this module's closure and nowhere else.
 */
import { isAbsolute, join, relative, sep } from 'node:path'
import { privateKeyToAccount } from 'viem/accounts'
import type { TransactionSerializableEIP1559, TypedDataDefinition } from 'viem'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { newKeystore, openKeystore } from './keystore.ts'
import { makePassphrase, passphraseMissing, readPassphrase } from './passphrase.ts'
import {
  makeSecretFile,
  notConfigured,
  privateDirectory,
  readSecretFile,
  sweepUnfinished,
} from './secret-file.ts'
import type { SecretFile } from './secret-file.ts'

export interface NodeWalletOptions {
  /** A directory of the wallet's own, 0700; made when missing. */
  readonly keyDirectory: string
  /** Made at first start when missing; outside `keyDirectory`, state and backups. */
  readonly passphraseFile: string
}

export interface NodeWallet {
  readonly address: ActorId
  /** EIP-712. @returns 65 bytes r ‖ s ‖ v, low s, v 27 or 28. */
  signTypedData(typed: TypedDataDefinition): Promise<`0x${string}`>
  /** EIP-191 (personal_sign) over the text's UTF-8. */
  signMessage(message: string): Promise<`0x${string}`>
  /** @returns the bytes that a chain takes (EIP-1559). */
  signTransaction(transaction: TransactionSerializableEIP1559): Promise<`0x${string}`>
  /** The keystore as it lies on disk: encrypted JSON for a person to keep or import. For the terminal only. */
  export(): string
}

const largestKeystore = 16_384

/**
 * Opens the node wallet, or makes it at first start.
 *
 * The passphrase is durable before the keystore is made, so a crash in between leaves a passphrase and no keystore,
 * from which the next start goes on. A keystore without its passphrase is never replaced. Two first starts at once end
 * with one wallet.
 * @throws MarketError E_NOT_CONFIGURED, `details: { config, reason }`.
 */
export async function openNodeWallet(options: NodeWalletOptions): Promise<NodeWallet> {
  refuseTogether(options)
  await privateDirectory('keyDirectory', options.keyDirectory)
  const file: SecretFile = { config: 'keyDirectory', path: join(options.keyDirectory, 'node-wallet.json') }
  const existing = await readSecretFile(file, largestKeystore)
  const passphrase = await readPassphrase(options.passphraseFile)
  if (existing !== undefined) {
    if (passphrase === undefined) throw passphraseMissing()
    return openWallet(file, existing, passphrase)
  }
  const secret = passphrase ?? (await makePassphrase(options.passphraseFile))
  await makeSecretFile(file, await newKeystore(secret))
  const made = await readSecretFile(file, largestKeystore)
  if (made === undefined) {
    throw notConfigured(
      'keyDirectory',
      'vanished',
      'the keystore vanished while it was made',
      'Make sure that nothing else removes files from keyDirectory.',
    )
  }
  return openWallet(file, made, secret)
}

/** Whoever copies the directory, a backup first of all, would have the lock and its key. */
function refuseTogether({ keyDirectory, passphraseFile }: NodeWalletOptions): void {
  const way = relative(keyDirectory, passphraseFile)
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) return
  throw notConfigured(
    'passphraseFile',
    'inside-key-directory',
    'the passphrase lies beside the key that it opens',
    'Point passphraseFile at a place outside keyDirectory, state and backups.',
  )
}

async function openWallet(file: SecretFile, keystore: Buffer, passphrase: string): Promise<NodeWallet> {
  const json = keystore.toString('utf8')
  const account = privateKeyToAccount(await openKeystore(json, passphrase))
  await sweepUnfinished(file)
  return {
    address: codec(ActorId).decode(account.address),
    signTypedData: (typed) => account.signTypedData(typed),
    signMessage: (message) => account.signMessage({ message }),
    signTransaction: (transaction) => account.signTransaction(transaction),
    export: () => json,
  }
}
