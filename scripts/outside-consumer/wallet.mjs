/** The wallet: a private key in a file that only its owner may read. */
import { readFileSync, writeFileSync } from 'node:fs'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'

/** @returns the address of a fresh wallet. Refuses to write over a file. */
export function makeWallet(file) {
  const key = generatePrivateKey()
  writeFileSync(file, `${key}\n`, { mode: 0o600, flag: 'wx' })
  return privateKeyToAccount(key).address
}

export function readWallet(file) {
  return privateKeyToAccount(readFileSync(file, 'utf8').trim())
}
