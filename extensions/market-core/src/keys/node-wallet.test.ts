import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { Wallet, verifyMessage } from 'ethers'
import { privateKeyToAccount } from 'viem/accounts'
import { recoverTypedDataAddress } from 'viem/utils'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ResourceId } from '@openclaw-market/protocol/ids'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { consentTypedData } from '@openclaw-market/protocol/typed-data/consent'
import { delegationTypedData } from '@openclaw-market/protocol/typed-data/delegation'
import { walletTypedData } from '@openclaw-market/protocol/typed-data/domain'
import { requestParamsHash, requestTypedData } from '@openclaw-market/protocol/typed-data/signed-request'
import { openKeystore } from './keystore.ts'
import { openNodeWallet } from './node-wallet.ts'
import type { NodeWallet, NodeWalletOptions } from './node-wallet.ts'
import { makePassphrase } from './passphrase.ts'
import { shown, temporaryDirectory } from './temporary-directory.fixture.ts'
import { verifySignature } from './verify.ts'

async function places(): Promise<NodeWalletOptions & { readonly keystore: string }> {
  const root = await temporaryDirectory()
  const keyDirectory = join(root, 'state', 'keys')
  return {
    keyDirectory,
    passphraseFile: join(root, 'private', 'passphrase'),
    keystore: join(keyDirectory, 'node-wallet.json'),
  }
}

let first: NodeWalletOptions & { readonly root: string }
beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), 'market-keys-'))
  first = { root, keyDirectory: join(root, 'keys'), passphraseFile: join(root, 'private', 'passphrase') }
  await openNodeWallet(first)
})
afterAll(() => rm(first.root, { recursive: true, force: true }))

/** A copy of a wallet that was made once: scrypt is slow on purpose. */
async function started(): Promise<Awaited<ReturnType<typeof places>>> {
  const at = await places()
  await cp(first.keyDirectory, at.keyDirectory, { recursive: true })
  await cp(join(first.passphraseFile, '..'), join(at.passphraseFile, '..'), { recursive: true })
  return at
}

async function refusal(options: NodeWalletOptions): Promise<unknown> {
  const error: unknown = await openNodeWallet(options).then(
    () => 'opened',
    (caught: unknown) => caught,
  )
  expect(error).toMatchObject({ code: 'E_NOT_CONFIGURED', hint: expect.stringMatching(/\w/) as string })
  const text = shown(error)
  expect(text).not.toContain(options.keyDirectory)
  expect(text).not.toContain(options.passphraseFile)
  expect(text).not.toContain('canary')
  return error
}

describe('the node wallet at first start', () => {
  it('is made, closed to others, and the same one ever after', async () => {
    const at = await places()
    const wallet = await openNodeWallet(at)
    for (const [path, mode] of [
      [at.keyDirectory, 0o700],
      [at.keystore, 0o600],
      [join(at.passphraseFile, '..'), 0o700],
      [at.passphraseFile, 0o600],
    ] as const) {
      expect((await stat(path)).mode & 0o777).toBe(mode)
    }
    expect(await readdir(at.keyDirectory)).toEqual(['node-wallet.json'])
    const before = await readFile(at.keystore, 'utf8')
    expect((await openNodeWallet(at)).address).toBe(wallet.address)
    expect(await readFile(at.keystore, 'utf8')).toBe(before)
  })

  it('goes on after a crash between passphrase and keystore', async () => {
    const at = await places()
    const passphrase = await makePassphrase(at.passphraseFile)
    const wallet = await openNodeWallet(at)
    expect((await readFile(at.passphraseFile, 'utf8')).trim()).toBe(passphrase)
    expect((await openNodeWallet(at)).address).toBe(wallet.address)
  })

  it('sweeps a keystore that a crash has left unfinished', async () => {
    const at = await places()
    await mkdir(at.keyDirectory, { recursive: true, mode: 0o700 })
    await writeFile(join(at.keyDirectory, '.node-wallet.json.0123456789abcdef.tmp'), '{"ver', { mode: 0o600 })
    await openNodeWallet(at)
    expect(await readdir(at.keyDirectory)).toEqual(['node-wallet.json'])
  })

  it('is one wallet when several start at once', { timeout: 30_000 }, async () => {
    const at = await places()
    const wallets = await Promise.all(Array.from({ length: 4 }, () => openNodeWallet(at)))
    expect(new Set(wallets.map(({ address }) => address)).size).toBe(1)
  })

  it('takes a passphrase that the operator names', async () => {
    const at = await places()
    await mkdir(join(at.passphraseFile, '..'), { mode: 0o700 })
    await writeFile(at.passphraseFile, 'correct horse battery staple\n', { mode: 0o600 })
    const wallet = await openNodeWallet(at)
    const imported = await Wallet.fromEncryptedJson(wallet.export(), 'correct horse battery staple')
    expect(imported.address).toBe(wallet.address)
  })
})

describe('the node wallet refuses to start', () => {
  it('when passphrase and keystore are to lie together, and makes neither', async () => {
    const at = await places()
    for (const inside of ['passphrase', '..passphrase', join('deeper', 'passphrase')]) {
      expect(await refusal({ ...at, passphraseFile: join(at.keyDirectory, inside) })).toMatchObject({
        details: { config: 'passphraseFile', reason: 'inside-key-directory' },
      })
    }
    await expect(stat(at.keyDirectory)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('when its passphrase is gone, and makes no new one', async () => {
    const at = await started()
    await unlink(at.passphraseFile)
    expect(await refusal(at)).toMatchObject({ details: { config: 'passphraseFile', reason: 'missing' } })
    await expect(stat(at.passphraseFile)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it.each([
    ['wrong', 'canary canary canary canary'],
    ['empty', '\n'],
    ['too-short', 'canary'],
  ])('when its passphrase is %s', async (reason, content) => {
    const at = await started()
    await writeFile(at.passphraseFile, content)
    expect(await refusal(at)).toMatchObject({ details: { config: 'passphraseFile', reason } })
  })

  it('when its passphrase may be read by others', async () => {
    const at = await started()
    await chmod(at.passphraseFile, 0o644)
    expect(await refusal(at)).toMatchObject({ details: { config: 'passphraseFile', reason: 'exposed' } })
  })

  it('when its keystore or the directory may be read by others', async () => {
    const at = await started()
    await chmod(at.keystore, 0o640)
    expect(await refusal(at)).toMatchObject({ details: { config: 'keyDirectory', reason: 'exposed' } })
    await chmod(at.keystore, 0o600)
    await chmod(at.keyDirectory, 0o755)
    expect(await refusal(at)).toMatchObject({ details: { config: 'keyDirectory', reason: 'exposed' } })
  })

  it.each(['', '{"canary', '{}', '\0'.repeat(500)])('when its keystore is damaged: %#', async (content) => {
    const at = await started()
    await writeFile(at.keystore, content)
    expect(await refusal(at)).toMatchObject({ details: { config: 'keyDirectory', reason: 'damaged' } })
    expect(await readFile(at.keystore, 'utf8')).toBe(content) // never overwritten
  })
})

describe('an open node wallet', () => {
  const id = '01J00000000000000000000000'
  const resourceId = codec(ResourceId).decode(`res_${id}`)
  const open = async (): Promise<{ wallet: NodeWallet; key: `0x${string}` }> => {
    const at = await started()
    const wallet = await openNodeWallet(at)
    return {
      wallet,
      key: await openKeystore(wallet.export(), (await readFile(at.passphraseFile, 'utf8')).trim()),
    }
  }

  it('signs each of our typed data as viem and ethers do over the JSON that a wallet gets', async () => {
    const { wallet, key } = await open()
    const common = { chainId: 8453, market: wallet.address, expiresAt: 1_800_000_000_000 }
    const all = [
      requestTypedData({
        ...common,
        method: 'web3.resources.lease',
        paramsHash: requestParamsHash({ a: 1 }),
        nonce: 'n'.repeat(16),
      }),
      consentTypedData({
        ...common,
        consumer: wallet.address,
        provider: wallet.address,
        resourceId,
        offerHash: 'ab'.repeat(32),
        purpose: 'Straße 🦞 "quoted"',
        currency: 'USDC',
        maxCost: 2n ** 128n - 1n,
        ttlMs: 3_600_000,
      }),
      delegationTypedData({
        ...common,
        provider: wallet.address,
        delegate: wallet.address,
        resourceId,
        backend: 'ollama',
      }),
    ]
    for (const typed of all) {
      const signature = await wallet.signTypedData(typed)
      const wire = JSON.parse(JSON.stringify(walletTypedData(typed))) as ReturnType<typeof walletTypedData>
      const { EIP712Domain: _, ...types } = wire.types // ethers derives it and refuses to see it
      const mutable = Object.fromEntries(Object.entries(types).map(([name, fields]) => [name, [...fields]]))
      expect(await new Wallet(key).signTypedData(wire.domain, mutable, wire.message)).toBe(signature)
      expect(await privateKeyToAccount(key).signTypedData({ ...wire, types: { ...wire.types } })).toBe(
        signature,
      )
      expect(await recoverTypedDataAddress({ ...wire, types: { ...wire.types }, signature })).toBe(
        wallet.address,
      )
      const parameters = {
        address: wallet.address,
        typedData: typed,
        signature,
        chainId: 8453,
        clients: new Map(),
      }
      expect(await verifySignature(parameters)).toBe(true)
    }
  })

  it('signs messages by EIP-191', async () => {
    const { wallet } = await open()
    expect(verifyMessage('Straße 🦞', await wallet.signMessage('Straße 🦞'))).toBe(wallet.address)
  })

  it('shows its key nowhere', async () => {
    const { wallet, key } = await open()
    const text =
      inspect(wallet, { depth: 10, showHidden: true, getters: true }) +
      JSON.stringify(wallet) +
      wallet.export()
    expect(text).not.toContain(key.slice(2))
    expect(text).not.toContain(BigInt(key).toString())
  })
})
