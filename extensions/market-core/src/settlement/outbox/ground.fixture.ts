/** A local chain for the tests of a file, fresh keys on it, and how to wait for what becomes of a job. */
import { afterAll, beforeAll, expect } from 'vitest'
import type { ChainJob } from '@openclaw-market/protocol/entities/chain'
import type { OrderAt } from '../chain/escrow-wishes.ts'
import type { ChainSigner } from './environment.ts'
import type { ChainWish } from './job.ts'
import { keyOf, localChain, type LocalChain } from './local-chain.fixture.ts'
import type { Running } from './outbox.fixture.ts'
import type { Outcome } from './outcome.ts'

export const patience = { timeout: 30_000 }
export const gasCeiling = 10n ** 17n

let numbers = 0
export const newPurpose = (): string => `a.test/number-${++numbers}`

/** To be called where the tests of a file are declared. */
export function ground() {
  let there: LocalChain | undefined
  const chain = (): LocalChain => {
    if (there === undefined) throw new Error('the chain is there once the tests run')
    return there
  }
  beforeAll(async () => {
    there = await localChain()
  })
  afterAll(() => chain().stop())

  /** Two keys that nothing was sent with. */
  async function newKeys(): Promise<readonly [ChainSigner, ChainSigner]> {
    const keys = [keyOf(`one ${++numbers}`), keyOf(`other ${++numbers}`)] as const
    for (const { address } of keys) await chain().give(address)
    return keys
  }
  return {
    chain,
    newKeys,
    newOrder: (payer: ChainSigner, payee: ChainSigner): Promise<OrderAt> =>
      chain().orderOf(payer.address, payee.address, 1_000n, `order ${++numbers}`),
    async ended({ outbox }: Running, jobId: ChainJob['jobId']): Promise<Outcome> {
      await chain().mineUntil(async () => (await outbox.outcome(jobId)).outcome !== 'unknown')
      return outbox.outcome(jobId)
    },
  }
}

export function transfer(from: ChainSigner, to: ChainSigner, value: bigint): ChainWish {
  return { signer: from.address, to: to.address, data: '0x', value, gasCeiling, purpose: newPurpose() }
}

export async function waits({ outbox }: Running, jobId: ChainJob['jobId'], what: string): Promise<void> {
  const waiting = async () => {
    const outcome = await outbox.outcome(jobId)
    return outcome.outcome === 'unknown' ? outcome.waiting.for : outcome
  }
  await expect.poll(waiting, patience).toBe(what)
}
