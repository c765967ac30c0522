import { noAddress, type OrderTerms } from '@openclaw-market/protocol/typed-data/escrow'
import { expect } from 'vitest'
import { branches } from './branches.fixture.ts'
import { address, newMarket } from './market.fixture.ts'
import { refused } from './said.fixture.ts'

const market = await newMarket()
const { chain, escrow, order, give, lock, does, idOf, state, balance, kinds, token } = market
const { payer, payee, arbiter, stranger } = chain.accounts
const decade = 3_650n * 86_400n
await give(payer, token, 10n ** 6n)
await give(payer, noAddress, 10n ** 6n)

/** Each such order is refused for this field, in each kind of money. */
const unsound =
  (field: string, ...wrong: Partial<OrderTerms>[]) =>
  async () => {
    for (const kind of kinds)
      for (const terms of wrong)
        await refused(lock(await order({ token: kind, ...terms })), 'BadTerms', field)
  }

const noArbiter = { arbiter: noAddress, decisionTime: 0, undecidedPayeeBps: 0 }

const keeps = (kind: typeof token) => async () => {
  const terms = await order({ token: kind })
  const before = [await balance(kind, payer.address), await balance(kind, escrow)] as const
  const { events } = await lock(terms)
  expect(events).toEqual([['Locked', idOf(terms), terms.payer, terms.payee, terms]])
  expect(await state(terms)).toEqual({ status: 'Active', disputedAt: 0n, paid: 0n })
  expect(await balance(kind, payer.address)).toBe(before[0] - terms.amount)
  expect(await balance(kind, escrow)).toBe(before[1] + terms.amount)
}

branches('lock', {
  'when the caller is not the payer': {
    'it reverts with NotFor': async () => {
      for (const kind of kinds)
        for (const other of [payee, arbiter, stranger]) {
          const terms = await order({ token: kind })
          const value = market.valueOf(terms)
          await give(other, kind, terms.amount)
          await refused(does(other, 'lock', [terms], { value }), 'NotFor', other.address)
        }
    },
  },
  'when the caller is the payer': {
    'when the terms are not sound': {
      'when the payee is nobody, the payer or the escrow': {
        'it reverts with BadTerms of the payee': unsound(
          'payee',
          { payee: noAddress },
          { payee: address(payer.address) },
          { payee: escrow },
        ),
      },
      'when there is no code at the token': {
        'it reverts with BadTerms of the token': unsound('token', { token: address(stranger.address) }),
      },
      'when the amount is zero': {
        'it reverts with BadTerms of the amount': unsound('amount', { amount: 0n }),
      },
      'when the payer could have its money back before the order expires': {
        'it reverts with BadTerms of refundableAt': async () => {
          const { expiresAt } = await order()
          await unsound('refundableAt', { expiresAt, refundableAt: expiresAt - 1n })()
        },
      },
      'when the payer would have its money back in more than ten years': {
        'it reverts with BadTerms of refundableAt': async () => {
          for (const kind of kinds) {
            const at = (await chain.now()) + 5n
            const terms = await order({ token: kind, refundableAt: at + decade + 1n })
            await refused(lock(terms, { at }), 'BadTerms', 'refundableAt')
          }
        },
      },
      'given there is no arbiter': {
        'when it has time nevertheless': {
          'it reverts with BadTerms of decisionTime': unsound('decisionTime', {
            ...noArbiter,
            decisionTime: 1,
          }),
        },
        'when a share is agreed on for its silence': {
          'it reverts with BadTerms of undecidedPayeeBps': unsound('undecidedPayeeBps', {
            ...noArbiter,
            undecidedPayeeBps: 1,
          }),
        },
      },
      'given there is an arbiter': {
        'when it is the payer or the payee': {
          'it reverts with BadTerms of the arbiter': unsound(
            'arbiter',
            { arbiter: address(payer.address) },
            { arbiter: address(payee.address) },
          ),
        },
        'when it has no time': {
          'it reverts with BadTerms of decisionTime': unsound('decisionTime', { decisionTime: 0 }),
        },
        'when the share for its silence is more than the whole': {
          'it reverts with BadTerms of undecidedPayeeBps': unsound('undecidedPayeeBps', {
            undecidedPayeeBps: 10_001,
          }),
        },
      },
    },
    'when the terms are as far as they may go': {
      'it locks the amount': async () => {
        for (const kind of kinds) {
          const at = (await chain.now()) + 5n
          const terms = await order({ token: kind, refundableAt: at + decade, undecidedPayeeBps: 10_000 })
          await lock(terms, { at })
          const { expiresAt } = terms
          const bare = await order({
            token: kind,
            amount: 1n,
            expiresAt,
            refundableAt: expiresAt,
            ...noArbiter,
          })
          await lock(bare)
          for (const each of [terms, bare]) expect((await state(each)).status).toBe('Active')
        }
      },
    },
    'when the order expires in this second': {
      'it reverts with Expired': async () => {
        for (const kind of kinds) {
          const at = (await chain.now()) + 5n
          await refused(lock(await order({ token: kind, expiresAt: at }), { at }), 'Expired', at)
        }
      },
    },
    'when the order expires in the next second': {
      'it locks the amount': async () => {
        for (const kind of kinds) {
          const at = (await chain.now()) + 5n
          const terms = await order({ token: kind, expiresAt: at + 1n })
          await lock(terms, { at })
          expect((await state(terms)).status).toBe('Active')
        }
      },
    },
    'given the order is locked, disputed, paid, refunded or cancelled': {
      'it reverts with AlreadyUsed': async () => {
        for (const kind of kinds) {
          const over = (await market.notOpen({ token: kind })).slice(1)
          const used = [
            { terms: await market.locked({ token: kind }), status: 1 },
            { terms: await market.disputed({ token: kind }), status: 2 },
            ...over,
          ]
          for (const { terms, status } of used) await refused(lock(terms), 'AlreadyUsed', idOf(terms), status)
        }
      },
    },
    "given the money is the chain's own coin": {
      'when less or more than the amount is sent': {
        'it reverts with WrongValue': async () => {
          const terms = await order()
          for (const value of [0n, 99n, 101n])
            await refused(lock(terms, { value }), 'WrongValue', 100n, value)
        },
      },
      'when the amount is sent': { 'it keeps the amount and says so': keeps(noAddress) },
    },
    'given the money is a token': {
      'when own coin is sent': {
        'it reverts with WrongValue': async () => {
          for (const value of [1n, 100n])
            await refused(lock(await order({ token }), { value }), 'WrongValue', 0n, value)
        },
      },
      'when the payer has too little of it': {
        'it reverts as the token does': async () => {
          const has = await balance(token, payer.address)
          const terms = await order({ token, amount: has + 1n })
          await refused(lock(terms), 'ERC20InsufficientBalance', payer.address, has, has + 1n)
        },
      },
      'when the escrow may take too little of it': {
        'it reverts as the token does': async () => {
          await market.allow(payer, token, 99n)
          await refused(lock(await order({ token })), 'ERC20InsufficientAllowance', escrow, 99n, 100n)
          await market.allow(payer, token, 2n ** 200n)
        },
      },
      'when less or more than the amount arrives': {
        'it reverts with NotWholeReceived': async () => {
          const fee = address(await chain.mock('OddTokens', 'FeeToken'))
          await give(payer, fee, 1_000n)
          await market.tell(fee, 'charge', [1n])
          await refused(lock(await order({ token: fee })), 'NotWholeReceived', 100n, 99n)
          const growing = await market.hooked(payer, 1_000n)
          await growing.whenMoved(growing.token, 'mint', [escrow, 1n])
          await refused(lock(await order({ token: growing.token })), 'NotWholeReceived', 100n, 101n)
        },
      },
      'when the escrow has less of it afterwards': {
        'it panics': async () => {
          const falling = address(await chain.mock('OddTokens', 'LyingToken'))
          await market.tell(falling, 'say', [escrow, 2n ** 256n - 50n])
          await refused(lock(await order({ token: falling })), 'Panic', 0x11n)
        },
      },
      'when the amount arrives': { 'it keeps the amount and says so': keeps(token) },
    },
  },
})
