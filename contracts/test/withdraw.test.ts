import { noAddress } from '@openclaw-market/protocol/typed-data/escrow'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import type { Address } from 'viem'
import { expect } from 'vitest'
import { branches } from './branches.fixture.ts'
import { address, newMarket } from './market.fixture.ts'
import { refused } from './said.fixture.ts'

const market = await newMarket()
const { chain, escrow, locked, does, eventsOf, balance, credit, dataOf } = market
const { payer, payee, stranger } = chain.accounts
const [takes, refuses, burnsAllGas, answersLong, usesGas] = [0, 1, 2, 3, 4] as const

/** An account that did not take these. */
async function unpaid(...amounts: readonly bigint[]): Promise<ActorId> {
  const account = await market.smartAccount(payee)
  await market.tell(account, 'take', [refuses, 0n])
  for (const amount of amounts)
    await does(payer, 'release', [await locked({ payee: account, amount }), amount])
  return account
}

/** A token that does not deal with the payee, for whom some of it is kept. */
async function denied(): Promise<ActorId> {
  const token = address(await chain.mock('OddTokens', 'DenylistToken'))
  const terms = await locked({ token })
  await market.tell(token, 'deny', [payee.address, true])
  await does(payer, 'release', [terms, 100n])
  return token
}

const withdraw = async (account: Address, to: Address, token: Address = noAddress) => {
  const data = dataOf('withdraw', [token, to])
  return await market.tell(account, 'run', [escrow, 0n, data], { gas: 4_000_000n })
}

branches('withdraw', {
  'when the money would go to nobody or to the escrow': {
    'it reverts with NotWithdrawn': async () => {
      const [account, token] = [await unpaid(70n), await denied()]
      for (const nowhere of [noAddress, escrow]) {
        await refused(withdraw(account, nowhere), 'NotWithdrawn')
        await refused(does(payee, 'withdraw', [token, nowhere]), 'NotWithdrawn')
      }
    },
  },
  'given nothing is kept for the caller in this money': {
    'it reverts with NothingToWithdraw': async () => {
      const [account, token] = [await unpaid(70n), await denied()]
      for (const other of [payer, payee, stranger])
        await refused(does(other, 'withdraw', [noAddress, account]), 'NothingToWithdraw')
      await refused(does(stranger, 'withdraw', [token, stranger.address]), 'NothingToWithdraw')
      await refused(withdraw(account, account, token), 'NothingToWithdraw')
    },
  },
  "given the money is the chain's own coin": {
    'when the receiver does not take it': {
      'it reverts with NotWithdrawn and keeps it': async () => {
        const account = await unpaid(70n)
        for (const manner of [refuses, burnsAllGas]) {
          await market.tell(account, 'take', [manner, 0n])
          await refused(withdraw(account, account), 'NotWithdrawn')
        }
        expect(await credit(noAddress, account)).toBe(70n)
      },
    },
    'when the receiver needs more gas than it is given otherwise': {
      'it sends all of it': async () => {
        for (const [manner, much] of [
          [usesGas, 100_000n],
          [answersLong, 1_000_000n],
        ] as const) {
          const account = await unpaid(70n)
          await market.tell(account, 'take', [manner, much])
          await does(payer, 'release', [await locked({ payee: account }), 100n])
          expect(await credit(noAddress, account)).toBe(170n)
          await withdraw(account, account)
          expect(await balance(noAddress, account)).toBe(170n)
        }
      },
    },
    'when the receiver takes it': {
      'it sends all of it, and no more': async () => {
        const [account, other] = [await unpaid(70n, 30n), await unpaid(50n)]
        await market.tell(account, 'take', [takes, 0n])
        const before = await balance(noAddress, escrow)
        const receipt = await withdraw(account, account)
        expect(eventsOf(receipt)).toEqual([['Withdrawn', noAddress, account, account, 100n]])
        expect(await balance(noAddress, account)).toBe(100n)
        expect(await balance(noAddress, escrow)).toBe(before - 100n)
        expect(await credit(noAddress, account)).toBe(0n)
        expect(await credit(noAddress, other)).toBe(50n)
        await refused(withdraw(account, account), 'NothingToWithdraw')
      },
    },
  },
  'given the money is a token': {
    'when the token does not move it': {
      'it reverts as the token does and keeps it': async () => {
        const token = await denied()
        const tried = does(payee, 'withdraw', [token, payee.address])
        await refused(tried, 'Denied', payee.address)
        expect(await credit(token, payee.address)).toBe(100n)
      },
    },
    'when the token says no': {
      'it reverts with SafeERC20FailedOperation': async () => {
        const token = address(await chain.mock('OddTokens', 'FailingToken'))
        const terms = await locked({ token })
        await market.tell(token, 'fail', [1])
        await does(payer, 'release', [terms, 100n])
        const tried = does(payee, 'withdraw', [token, payee.address])
        await refused(tried, 'SafeERC20FailedOperation', token)
        expect(await credit(token, payee.address)).toBe(100n)
      },
    },
    'when the token moves it': {
      'it sends all of it, and no more': async () => {
        const token = await denied()
        const open = await locked({ token, payee: address(stranger.address) })
        const { events } = await does(payee, 'withdraw', [token, stranger.address])
        expect(events).toEqual([['Withdrawn', token, payee.address, stranger.address, 100n]])
        expect(await balance(token, stranger.address)).toBe(100n)
        expect(await balance(token, escrow)).toBe(open.amount)
        expect(await credit(token, payee.address)).toBe(0n)
        const again = does(payee, 'withdraw', [token, stranger.address])
        await refused(again, 'NothingToWithdraw')
      },
    },
  },
})

branches('credits', {
  'given nothing is kept for the account': {
    'it is zero': async () => {
      for (const kind of market.kinds) expect(await credit(kind, payer.address)).toBe(0n)
    },
  },
  'given several payments were not taken': {
    'it is their sum, by money and account': async () => {
      const [account, other, token] = [await unpaid(70n, 30n), await unpaid(1n), await denied()]
      expect(await credit(noAddress, account)).toBe(100n)
      expect(await credit(noAddress, other)).toBe(1n)
      expect(await credit(token, payee.address)).toBe(100n)
      expect(await credit(token, account)).toBe(0n)
      expect(await credit(noAddress, payee.address)).toBe(0n)
    },
  },
})
