/** A chain of its own in this process, with funded accounts, and what is said to contracts on it. */
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
  type TransactionReceipt,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { hardhat } from 'viem/chains'
import { keccak256, toHex } from 'viem/utils'

export type TestChain = Awaited<ReturnType<typeof newChain>>

/** Keys of accounts that the chain does not know beforehand. */
const names = ['payer', 'payee', 'arbiter', 'signer', 'stranger'] as const
export type Party = (typeof names)[number]

export async function newChain() {
  const { provider, close } = await hre.network.create()
  const transport = custom(provider, { retryCount: 0 })
  const chain = hardhat
  const publicClient: PublicClient = createPublicClient({
    chain,
    transport,
    pollingInterval: 1,
    cacheTime: 0,
  })
  const test = createTestClient({ mode: 'hardhat', chain, transport })
  const account = (name: Party) => privateKeyToAccount(keccak256(toHex(name)))
  const accounts = Object.fromEntries(names.map((name) => [name, account(name)])) as Record<
    Party,
    ReturnType<typeof account>
  >
  for (const { address } of Object.values(accounts)) await test.setBalance({ address, value: 10n ** 21n })

  async function send(
    from: Account,
    transaction: { to?: Address; data?: Hex; value?: bigint },
  ): Promise<TransactionReceipt> {
    const wallet = createWalletClient({ account: from, chain, transport })
    return await publicClient.waitForTransactionReceipt({ hash: await wallet.sendTransaction(transaction) })
  }
  const now = async () => Number((await publicClient.getBlock()).timestamp)
  return { provider, transport, chain, publicClient, test, accounts, send, now, close }
}
