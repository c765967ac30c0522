/** A real chain on 127.0.0.1 with an escrow on it, that mines when it is told to; and keys with money. For tests. */
import { createPublicClient, createTestClient, createWalletClient, http, keccak256, toHex } from 'viem'
import type { Hex } from 'viem'
import { anvil } from 'viem/chains'
import { privateKeyToAccount } from 'viem/accounts'
import { marketEscrow } from '@openclaw-market/contracts/market-escrow'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { startAnvil } from '../../keys/anvil.fixture.ts'
import type { EscrowOrder, OrderAt } from '../chain/escrow-wishes.ts'
import type { ChainSigner } from './environment.ts'

export const localChainId = 31_337
export const nobody = '0x0000000000000000000000000000000000000000'
const oneCoin = 10n ** 18n

/** A key of tests, always the same by its name. */
export function keyOf(name: string): ChainSigner {
  const account = privateKeyToAccount(keccak256(toHex(`a key of tests: ${name}`)))
  return {
    address: codec(ActorId).decode(account.address),
    signTransaction: (transaction) => account.signTransaction(transaction),
  }
}

export type LocalChain = Awaited<ReturnType<typeof localChain>>

export async function localChain() {
  const process = await startAnvil(localChainId, ['--no-mining', '--order', 'fifo'])
  const transport = http(process.rpcUrl, { retryCount: 0 })
  const client = createPublicClient({ transport, cacheTime: 0, pollingInterval: 5 })
  const test = createTestClient({ mode: 'anvil', transport })
  const rich = privateKeyToAccount(keccak256(toHex('a key of tests: who deploys')))
  const wallet = createWalletClient({ account: rich, chain: anvil, transport })
  const give = (address: Hex, value = 1_000n * oneCoin): Promise<void> => test.setBalance({ address, value })
  const mine = (blocks = 1): Promise<void> => test.mine({ blocks })

  async function deploy(data: Hex): Promise<ActorId> {
    const hash = await wallet.sendTransaction({ data })
    await mine()
    const { contractAddress } = await client.getTransactionReceipt({ hash })
    if (contractAddress === null || contractAddress === undefined) throw new Error('nothing was deployed')
    return codec(ActorId).decode(contractAddress)
  }

  await give(rich.address)
  const escrow = await deploy(marketEscrow.bytecode)
  /** Of the chain's own coin, without arbiter and vouchers. */
  async function orderOf(payer: Hex, payee: Hex, amount: bigint, ref: string): Promise<OrderAt> {
    const { timestamp } = await client.getBlock()
    const order: EscrowOrder = {
      payer,
      payee,
      token: nobody,
      amount,
      voucherSigner: nobody,
      expiresAt: timestamp + 200_000_000n,
      refundableAt: timestamp + 200_000_000n,
      arbiter: nobody,
      decisionTime: 0,
      undecidedPayeeBps: 0,
      ref: keccak256(toHex(ref)),
    }
    const asked = { address: escrow, abi: marketEscrow.abi, functionName: 'idOf', args: [order] } as const
    return { escrow, order, id: await client.readContract(asked) }
  }

  return {
    rpcUrl: process.rpcUrl,
    client,
    test,
    escrow,
    give,
    mine,
    orderOf,
    /** Takes so many blocks away and puts as many others in their place; what was in them is in none. */
    async reorganise(depth: number): Promise<void> {
      // viem's types list the methods of its own test actions, and this one is not among them.
      await client.request({ method: 'anvil_reorg', params: [depth, []] } as never)
    },
    /** Mines until something is so. */
    async mineUntil(so: () => Promise<boolean>): Promise<void> {
      for (const end = Date.now() + 60_000; Date.now() < end;) {
        if (await so()) return
        await mine()
        await new Promise((done) => setTimeout(done, 10))
      }
      throw new Error('it is not so after a minute')
    },
    stop: process.stop,
  }
}
