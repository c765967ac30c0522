/** Receivers of the chain's own coin that do not take it, or not easily, and senders who would have it so. */
import { noAddress, type OrderTerms } from '@openclaw-market/protocol/typed-data/escrow'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { createWalletClient, http, type Address, type Hex } from 'viem'
import { hardhat } from 'viem/chains'
import { describe, expect, it } from 'vitest'
import { keyOf } from './chain.fixture.ts'
import { address, newMarket, type Done } from './market.fixture.ts'
import { dataOf, refused } from './said.fixture.ts'

const market = await newMarket()
const { chain, escrow, locked, disputed, does, tell, vouch, balance, credit } = market
const { payer, payee, arbiter, stranger } = chain.accounts
const [refuses, burnsAllGas, answersLong, usesGas] = [1, 2, 3, 4] as const

/** Fifty of a hundred, to that payee. */
const payments: Record<string, (to: ActorId) => Promise<() => Promise<Done>>> = {
  async release(to) {
    const terms = await locked({ payee: to })
    return async () => await does(payer, 'release', [terms, 50n])
  },
  async claim(to) {
    const terms = await locked({ payee: to })
    const voucher = await vouch(terms, 50n)
    return async () => await does(stranger, 'claim', [terms, 50n, voucher])
  },
  async claimBatch(to) {
    const terms = await locked({ payee: to })
    const claims = [{ order: terms, cumulative: 50n, signature: await vouch(terms, 50n) }]
    return async () => await does(stranger, 'claimBatch', [claims])
  },
  async decide(to) {
    const terms = await disputed({ payee: to })
    return async () => await does(arbiter, 'decide', [terms, 50n])
  },
  async conclude(to) {
    const terms = await disputed({ payee: to, undecidedPayeeBps: 5_000, decisionTime: 1 })
    return async () => await does(stranger, 'conclude', [terms])
  },
  async refund(to) {
    const terms = await market.order({ payer: to, amount: 50n })
    await chain.fund(to, 50n)
    await tell(to, 'run', [escrow, 50n, dataOf('lock', [terms])])
    return async () => await does(payee, 'refund', [terms])
  },
}

const manners: readonly (readonly [words: string, manner: number, much: bigint])[] = [
  ['refuses', refuses, 0n],
  ['burns all gas', burnsAllGas, 0n],
  ['answers with a megabyte', answersLong, 1_000_000n],
  ['wants more gas than is given', usesGas, 52_300n],
]

describe.each(Object.entries(payments))('%s', (_, payment) => {
  it.each(manners)(
    'keeps the money of a receiver that %s, and costs no more for it',
    async (__, manner, much) => {
      const account = await market.smartAccount(payee)
      const pays = await payment(account)
      await tell(account, 'take', [manner, much])
      const { receipt, events } = await pays()
      expect(events.filter(([name]) => name === 'Credited')).toEqual([['Credited', noAddress, account, 50n]])
      expect(await credit(noAddress, account)).toBe(50n)
      expect(await balance(noAddress, account)).toBe(0n)
      expect(receipt.gasUsed).toBeLessThan(200_000n)
    },
  )

  it.each([
    ['answers at length', answersLong, 100_000n],
    ['uses what gas it is given', usesGas, 49_000n],
  ] as const)('pays a receiver that %s', async (__, manner, much) => {
    const account = await market.smartAccount(payee)
    const pays = await payment(account)
    await tell(account, 'take', [manner, much])
    const { events } = await pays()
    expect(events.filter(([name]) => name === 'Credited')).toEqual([])
    expect(await balance(noAddress, account)).toBe(50n)
  })
})

/** A smart account at its own address, and one whose code a key has delegated to, which is dearer to call. */
const receivers: Record<string, () => Promise<ActorId>> = {
  'a contract': async () => await market.smartAccount(payee),
  'a key with code': async () => {
    const key = keyOf('receiver')
    const code = await market.smartAccount(payee)
    const wallet = createWalletClient({ account: key, chain: hardhat, transport: http('http://unused') })
    const given = { contractAddress: code, chainId: chain.chainId, nonce: 0 }
    const authorization = await wallet.signAuthorization(given)
    await chain.send(stranger, { to: key.address, authorizationList: [authorization] })
    return address(key.address)
  },
}

type Outcome = 'paid' | 'kept' | 'undone'
async function released(terms: OrderTerms, gas: bigint): Promise<Outcome> {
  try {
    const { events } = await does(payer, 'release', [terms, 1n], { gas })
    return events.some(([name]) => name === 'Credited') ? 'kept' : 'paid'
  } catch {
    return 'undone'
  }
}

/** The least number between two for which it is so. */
async function least(from: bigint, to: bigint, so: (value: bigint) => Promise<boolean>): Promise<bigint> {
  if (from === to) return from
  const middle = (from + to) / 2n
  return (await so(middle)) ? await least(from, middle, so) : await least(middle + 1n, to, so)
}

describe.each(Object.entries(receivers))('with little gas, %s', (_, made) => {
  it('is paid or nothing happens, and never finds kept what it would have taken', async () => {
    const receiver = await made()
    const terms = await locked({ payee: receiver, amount: 10n ** 9n })
    const wants = async (much: bigint) => await tell(receiver, 'take', [usesGas, much])
    const tooMuch = await least(40_000n, 60_000n, async (much) => {
      await wants(much)
      return (await released(terms, 1_000_000n)) === 'kept'
    })
    await wants(tooMuch - 1n)
    const enough = await least(50_000n, 400_000n, async (gas) => (await released(terms, gas)) !== 'undone')
    for (let gas = enough - 20n; gas < enough + 6_000n; gas += gas < enough + 20n ? 1n : 97n)
      expect(await released(terms, gas)).toBe(gas < enough ? 'undone' : 'paid')
    await wants(tooMuch)
    for (let gas = enough; gas < enough + 80_000n; gas += 997n)
      expect(await released(terms, gas)).not.toBe('paid')
  })
})

it('too little gas is refused with how much it takes', async () => {
  const terms = await locked()
  await refused(does(payer, 'release', [terms, 1n], { gas: 80_000n }), 'TooLittleGas', 70_000n)
})

it('a receiver that is kept waiting keeps nobody else waiting', async () => {
  const account = await market.smartAccount(payee)
  await tell(account, 'take', [burnsAllGas, 0n])
  const claims = []
  const amounts: readonly [Address, bigint][] = [
    [account, 1n],
    [payee.address, 2n],
    [account, 4n],
    [stranger.address, 8n],
  ]
  for (const [to, cumulative] of amounts) {
    const terms = await locked({ payee: address(to) })
    const signature: Hex = await vouch(terms, cumulative)
    claims.push({ order: terms, cumulative, signature })
  }
  const before = [
    await balance(noAddress, payee.address),
    await balance(noAddress, stranger.address),
  ] as const
  await does(arbiter, 'claimBatch', [claims])
  expect(await balance(noAddress, payee.address)).toBe(before[0] + 2n)
  expect(await balance(noAddress, stranger.address)).toBe(before[1] + 8n)
  expect(await credit(noAddress, account)).toBe(5n)
})
