/** A chain of its own in this process on which gas costs nothing, so that balances are exact, and what is said to contracts there. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import hre from 'hardhat'
import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  custom,
  type Account,
  type Address,
  type Hex,
  type PublicClient,
  type SendTransactionParameters,
  type TransactionReceipt,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { hardhat } from 'viem/chains'
import { concat, encodeDeployData, getAddress, keccak256, size, toHex } from 'viem/utils'

export type TestChain = Awaited<ReturnType<typeof newChain>>

const names = ['payer', 'payee', 'arbiter', 'signer', 'stranger'] as const
export type Party = (typeof names)[number]
export type Parties = Readonly<Record<Party, ReturnType<typeof privateKeyToAccount>>>

/** Keys that are always the same. */
export const keyOf = (name: string) => privateKeyToAccount(keccak256(toHex(name)))

const free = { type: 'eip1559', maxFeePerGas: 0n, maxPriorityFeePerGas: 0n } as const
/** The most that a transaction may have (EIP-7825). */
const plenty = 16_000_000n

export interface Sent {
  readonly to?: Address
  readonly data?: Hex
  readonly value?: bigint
  readonly gas?: bigint
  /** Seconds since the epoch: the time of the block. */
  readonly at?: bigint
}

/** A transaction that was carried out and undone. */
export class Reverted extends Error {
  override readonly name = 'Reverted'
  readonly data: Hex

  constructor(data: Hex, message: string) {
    super(message)
    this.data = data
  }
}

export async function newChain(chainId: number = hardhat.id) {
  const { provider, close } = await hre.network.create({ override: { chainId, initialBaseFeePerGas: 0n } })
  const transport = custom(provider, { retryCount: 0 })
  const chain = { ...hardhat, id: chainId }
  const publicClient: PublicClient = createPublicClient({
    chain,
    transport,
    pollingInterval: 1,
    cacheTime: 0,
  })
  const test = createTestClient({ mode: 'hardhat', chain, transport })
  const accounts = Object.fromEntries(names.map((name) => [name, keyOf(name)])) as Parties

  /** @throws Reverted with what the contract said */
  async function send(
    from: Account,
    { at, ...transaction }: Sent & Pick<SendTransactionParameters, 'authorizationList'>,
  ): Promise<TransactionReceipt> {
    const wallet = createWalletClient({ account: from, chain, transport })
    if (at !== undefined) await test.setNextBlockTimestamp({ timestamp: at })
    const fees = transaction.authorizationList === undefined ? free : { ...free, type: 'eip7702' as const }
    try {
      const hash = await wallet.sendTransaction({
        gas: plenty,
        ...transaction,
        ...fees,
      } as SendTransactionParameters<typeof chain, typeof from>)
      return await publicClient.getTransactionReceipt({ hash })
    } catch (error) {
      throw reverted(error) ?? error
    }
  }

  async function deploy(
    artifact: { readonly abi: readonly unknown[]; readonly bytecode: Hex },
    args: unknown[],
  ) {
    const data = encodeDeployData({ abi: artifact.abi, bytecode: artifact.bytecode, args })
    const { contractAddress } = await send(keyOf('deployer'), { data })
    if (typeof contractAddress !== 'string') throw new Error('nothing was deployed')
    return getAddress(contractAddress)
  }

  return {
    provider,
    publicClient,
    test,
    accounts,
    chainId,
    send,
    /** @returns the address of a contract of contracts/mocks */
    mock: async (file: string, name: string, ...args: unknown[]) => await deploy(mockOf(file, name), args),
    deploy: async (bytecode: Hex) => await deploy({ abi: [], bytecode }, []),
    /** @returns the address at which this is the code */
    async code(bytes: Hex) {
      const copy = concat(['0x61', toHex(size(bytes), { size: 2 }), '0x80600a3d393df3', bytes])
      return await deploy({ abi: [], bytecode: copy }, [])
    },
    fund: async (address: Address, value: bigint) => await test.setBalance({ address, value }),
    now: async () => (await publicClient.getBlock()).timestamp,
    close,
  }
}

function mockOf(file: string, name: string) {
  const path = join(
    import.meta.dirname,
    '..',
    'artifacts',
    'contracts',
    'mocks',
    `${file}.sol`,
    `${name}.json`,
  )
  return JSON.parse(readFileSync(path, 'utf8')) as { abi: readonly unknown[]; bytecode: Hex }
}

/** What the contract said stands somewhere in the chain of causes. */
function reverted(error: unknown): Reverted | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('data' in cause && typeof cause.data === 'string')
      return new Reverted(cause.data as Hex, cause.message)
  }
  return undefined
}
