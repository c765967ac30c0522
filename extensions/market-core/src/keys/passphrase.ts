/**
 * The passphrase that opens the node wallet and the vault: a 0600 file, made at first start in a place outside state
 * and backups, or one that the operator names. Never argv, environment or config (DESIGN §15).
 */
import { randomBytes } from 'node:crypto'
import { makeSecretFile, notConfigured, readSecretFile, sweepUnfinished } from './secret-file.ts'
import type { SecretFile } from './secret-file.ts'

/** The vault's key comes from it without stretching (secret-box.ts), so it must not be a word. */
const shortest = 16
const largestFile = 4_096

const file = (path: string): SecretFile => ({ config: 'passphraseFile', path })

/** @returns undefined when there is no such file. One line break at the end is not part of it. */
export async function readPassphrase(path: string): Promise<string | undefined> {
  const bytes = await readSecretFile(file(path), largestFile)
  if (bytes === undefined) return undefined
  const text = bytes.toString('utf8').replace(/\r?\n$/, '')
  if (text.trim() === '') {
    throw notConfigured(
      'passphraseFile',
      'empty',
      'the file of passphraseFile is empty',
      'Restore the passphrase. If there is no node wallet yet, remove the empty file and start again: a new one is made.',
    )
  }
  if (text.length < shortest) {
    throw notConfigured(
      'passphraseFile',
      'too-short',
      `the passphrase in the file of passphraseFile is shorter than ${shortest} characters`,
      'Use a random one, e.g. the output of `openssl rand -hex 32`.',
    )
  }
  return text
}

/** Makes 32 random bytes in hex, or reads what another start has made meanwhile. */
export async function makePassphrase(path: string): Promise<string> {
  await makeSecretFile(file(path), `${randomBytes(32).toString('hex')}\n`)
  const text = await readPassphrase(path)
  if (text === undefined) throw passphraseMissing()
  await sweepUnfinished(file(path))
  return text
}

/** A new passphrase would never open what the lost one has closed, so none is made. */
export function passphraseMissing(): Error {
  return notConfigured(
    'passphraseFile',
    'missing',
    'the file of passphraseFile is missing',
    'Restore the passphrase file from where you keep it, or point passphraseFile at it. Without it the node wallet and the vault stay closed.',
  )
}
