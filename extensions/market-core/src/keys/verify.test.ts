import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTestClient, http, publicActions, serializeErc6492Signature, walletActions } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { requestParamsHash, requestTypedData } from '@openclaw-market/protocol/typed-data/signed-request'
import { startAnvil } from './anvil.fixture.ts'
import type { Anvil } from './anvil.fixture.ts'
import { chainClients } from './chain-clients.ts'
import type { ChainClients } from './chain-clients.ts'
import {
  create2Factory,
  lookupWalletTo,
  ownedWalletOf,
  sloppyWalletMade,
} from './contract-wallets.fixture.ts'
import type { ContractWallet } from './contract-wallets.fixture.ts'
import { maxSignatureBytes, verifySignature } from './verify.ts'

const chainId = 31_337
const owner = privateKeyToAccount(`0x${'b1'.repeat(32)}`)
const stranger = privateKeyToAccount(`0x${'b2'.repeat(32)}`)
const payer = privateKeyToAccount('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80') // anvil's first
const ownerId = codec(ActorId).decode(owner.address)
const strangerId = codec(ActorId).decode(stranger.address)
const noChains: ChainClients = chainClients([])
const message = 'Straße 🦞'
const typedData = requestTypedData({
  chainId,
  market: strangerId,
  method: 'web3.status.summary',
  paramsHash: requestParamsHash({}),
  nonce: 'n'.repeat(16),
  expiresAt: 1_800_000_000_000,
})

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/** The other signature that ECDSA has for the same message: s' = n − s, the other v. */
function malleated(signature: string): string {
  const s = order - BigInt(`0x${signature.slice(66, 130)}`)
  const v = signature.endsWith('1b') ? '1c' : '1b'
  return `${signature.slice(0, 66)}${s.toString(16).padStart(64, '0')}${v}`
}

describe('a plain key', () => {
  const check = (signature: string, address = ownerId, clients = noChains): Promise<boolean> =>
    verifySignature({ address, message, signature, chainId, clients })

  it('is recognised without any chain, for typed data and for a message', async () => {
    expect(await check(await owner.signMessage({ message }))).toBe(true)
    const signature = await owner.signTypedData(typedData)
    expect(
      await verifySignature({ address: ownerId, typedData, signature, chainId, clients: noChains }),
    ).toBe(true)
    expect(
      await verifySignature({ address: ownerId, typedData, signature, chainId: 1, clients: noChains }),
    ).toBe(true)
  })

  it('is recognised in upper-case hex', async () => {
    const signature = await owner.signMessage({ message })
    expect(await check(`0x${signature.slice(2).toUpperCase()}`)).toBe(true)
  })

  it('is not another one, and signs nothing else', async () => {
    expect(await check(await stranger.signMessage({ message }))).toBe(false)
    expect(await check(await owner.signMessage({ message: `${message} ` }))).toBe(false)
    expect(await check(await owner.signMessage({ message }), strangerId)).toBe(false)
    const signature = await owner.signTypedData({ ...typedData, domain: { ...typedData.domain, chainId: 1 } })
    expect(
      await verifySignature({ address: ownerId, typedData, signature, chainId, clients: noChains }),
    ).toBe(false)
  })

  it('has one form: the lower s, v 27 or 28, 65 bytes', async () => {
    const signature = await owner.signMessage({ message })
    const recovery = signature.endsWith('1b') ? '00' : '01'
    const compact = `${signature.slice(0, 66)}${(
      BigInt(`0x${signature.slice(66, 130)}`) |
      (BigInt(`0x${recovery}`) << 255n)
    )
      .toString(16)
      .padStart(64, '0')}` // EIP-2098
    for (const other of [
      malleated(signature),
      `${signature.slice(0, 130)}00`,
      `${signature.slice(0, 130)}${recovery}`,
      compact,
      `${signature}00`,
    ]) {
      expect(await check(other)).toBe(false)
    }
  })

  it.each([
    '',
    '0x',
    '0x0',
    'not hex',
    `0x${'zz'.repeat(65)}`,
    `0x${'00'.repeat(64)}1b`,
    `0x${'ff'.repeat(64)}1b`,
    `0x${'11'.repeat(64)}1b\n`,
    `0x${'11'.repeat(maxSignatureBytes + 1)}`,
    '6492'.repeat(16),
    `0x${'6492'.repeat(16)}`,
  ])('is not found in %#', async (garbage) => {
    expect(await check(garbage)).toBe(false)
  })
})

describe('a contract wallet', () => {
  let anvil: Anvil
  let clients: ChainClients
  let deploy: (wallet: ContractWallet) => Promise<void>

  beforeAll(async () => {
    anvil = await startAnvil(chainId)
    clients = chainClients([{ chainId, rpcUrl: anvil.rpcUrl }])
    const chain = createTestClient({ mode: 'anvil', transport: http(anvil.rpcUrl) })
      .extend(publicActions)
      .extend(walletActions)
    deploy = async ({ address, factoryData }) => {
      const hash = await chain.sendTransaction({
        account: payer,
        chain: null,
        to: create2Factory,
        data: factoryData,
      })
      await chain.waitForTransactionReceipt({ hash })
      if ((await chain.getCode({ address })) === undefined) throw new Error('the wallet was not deployed')
    }
  })
  afterAll(() => anvil.stop())

  const check = (address: ActorId, signature: string, use = clients): Promise<boolean> =>
    verifySignature({ address, typedData, signature, chainId, clients: use })
  const wrap = ({ factoryData }: ContractWallet, signature: `0x${string}`): string =>
    serializeErc6492Signature({ address: create2Factory, data: factoryData, signature })

  it('that is deployed is asked by EIP-1271', async () => {
    const wallet = ownedWalletOf(owner.address)
    const signature = await owner.signTypedData(typedData)
    expect(await check(wallet.address, signature)).toBe(false) // nothing there yet
    await deploy(wallet)
    expect(await check(wallet.address, signature)).toBe(true)
    expect(await check(wallet.address, await stranger.signTypedData(typedData))).toBe(false)
    expect(await check(wallet.address, await owner.signMessage({ message }))).toBe(false)
    expect(await check(wallet.address, `0x${'11'.repeat(200)}`)).toBe(false)
    expect(
      await verifySignature({
        address: wallet.address,
        message,
        signature: await owner.signMessage({ message }),
        chainId,
        clients,
      }),
    ).toBe(true)
    expect(await check(wallet.address, wrap(wallet, signature))).toBe(true) // EIP-6492 still holds once deployed
  })

  it('that is not deployed yet is asked by EIP-6492, without deploying it', async () => {
    const wallet = ownedWalletOf(stranger.address)
    expect(await check(wallet.address, wrap(wallet, await stranger.signTypedData(typedData)))).toBe(true)
    expect(await check(wallet.address, wrap(wallet, await owner.signTypedData(typedData)))).toBe(false)
    expect(await clients.get(chainId)?.getCode({ address: wallet.address })).toBeUndefined()
  })

  it('is not another one that the same factory could make', async () => {
    const wallet = ownedWalletOf(stranger.address)
    const other = ownedWalletOf(payer.address)
    expect(await check(wallet.address, wrap(other, await payer.signTypedData(typedData)))).toBe(false)
  })

  it('cannot be had without its chain', async () => {
    const wallet = ownedWalletOf(stranger.address)
    const signature = wrap(wallet, await stranger.signTypedData(typedData))
    expect(await check(wallet.address, signature, noChains)).toBe(false)
    expect(
      await verifySignature({ address: wallet.address, typedData, signature, chainId: 1, clients }),
    ).toBe(false)
  })

  it('is no back door for the forms of a plain key that are refused', async () => {
    const signature = await owner.signTypedData(typedData)
    expect(await check(ownerId, malleated(signature))).toBe(false)
    const nothing = { address: ownerId, factoryData: '0x' } as const
    expect(await check(ownerId, wrap(nothing, `0x${malleated(signature).slice(2)}`))).toBe(false)
    expect(await check(ownerId, signature)).toBe(true)
  })

  it('must answer exactly as EIP-1271 says', async () => {
    const wallet = sloppyWalletMade()
    await deploy(wallet)
    expect(await check(wallet.address, '0x1234')).toBe(false)
  })

  it('cannot make this host fetch a URL (EIP-3668)', async () => {
    const visits: string[] = []
    const server = createServer((request, response) => {
      visits.push(request.url ?? '')
      response.end(JSON.stringify({ data: `0x1626ba7e${'00'.repeat(28)}` }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = server.address() as AddressInfo
      const wallet = lookupWalletTo(`http://127.0.0.1:${port}/{sender}/{data}`)
      await deploy(wallet)
      expect(await check(wallet.address, '0x1234')).toBe(false)
      expect(await check(wallet.address, wrap(wallet, '0x1234'))).toBe(false)
      expect(visits).toEqual([])
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
  })

  it('is neither right nor wrong while its chain is away, and the RPC stays unnamed', async () => {
    const dead = await startAnvil(chainId)
    const url = `${dead.rpcUrl}/canary-api-key`
    await dead.stop()
    const error: unknown = await check(strangerId, '0x1234', chainClients([{ chainId, rpcUrl: url }])).catch(
      (caught: unknown) => caught,
    )
    expect(error).toMatchObject({ code: 'E_UNAVAILABLE', details: { chainId } })
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(/canary|127\.0\.0\.1|http/)
    expect((error as Error).cause).toBeUndefined()
  })

  it('is not asked on a chain that is not the one configured', async () => {
    const wrong = chainClients([{ chainId: 10, rpcUrl: anvil.rpcUrl }])
    await expect(
      verifySignature({ address: strangerId, typedData, signature: '0x1234', chainId: 10, clients: wrong }),
    ).rejects.toMatchObject({ code: 'E_NOT_CONFIGURED', details: { config: 'chains', chainId: 10 } })
  })
})
