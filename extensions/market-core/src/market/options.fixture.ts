/** What a market for tests is opened with: fresh directories, and a node wallet whose keystore opens in no time. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encryptKeystoreJson } from 'ethers'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import type { MarketOptions } from '../plugin/open-market.ts'

export const windowMs = 600_000
export const quoteTtlMs = 300_000
export const chainId = 31_337

/** Has something done when the test is over. Concurrent tests pass their own `onTestFinished`. */
export type AtEnd = (act: () => Promise<void>) => void

/** Directories of a market whose node wallet opens in no time: an operator's own keystore with a cheap scrypt. */
export async function marketDirectories(
  atEnd: AtEnd,
): Promise<Pick<MarketOptions, 'storeDirectory' | 'keyDirectory' | 'passphraseFile' | 'checkpointFile'>> {
  const home = await mkdtemp(join(tmpdir(), 'market-'))
  atEnd(() => rm(home, { recursive: true, force: true }))
  const keyDirectory = join(home, 'keys')
  const passphraseFile = join(home, 'passphrase')
  const passphrase = 'correct horse battery staple'
  const privateKey = generatePrivateKey()
  const { address } = privateKeyToAccount(privateKey)
  const keystore = await encryptKeystoreJson({ address, privateKey }, passphrase, {
    scrypt: { N: 2, r: 1, p: 1 },
  })
  await mkdir(keyDirectory, { mode: 0o700 })
  await writeFile(join(keyDirectory, 'node-wallet.json'), keystore, { mode: 0o600 })
  await writeFile(passphraseFile, passphrase, { mode: 0o600 })
  return {
    storeDirectory: join(home, 'store'),
    keyDirectory,
    passphraseFile,
    checkpointFile: join(home, 'log-checkpoint'),
  }
}

export async function marketOptions(
  backend: MarketOptions['backend'],
  now: () => number,
  report: MarketOptions['report'],
  atEnd: AtEnd,
): Promise<MarketOptions> {
  return {
    ...(await marketDirectories(atEnd)),
    backend,
    chainId,
    currencies: [
      { symbol: 'USDC', decimals: 6 },
      { symbol: 'EURC', decimals: 2 },
    ],
    chains: [],
    disputeWindowMs: windowMs,
    quoteTtlMs,
    answerTtlMs: 86_400_000,
    report,
    now,
  }
}
