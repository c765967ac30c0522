import { noAddress, type OrderTerms } from '@openclaw-market/protocol/typed-data/escrow'
import { expect } from 'vitest'
import { branches } from './branches.fixture.ts'
import { newMarket } from './market.fixture.ts'
import { refused } from './said.fixture.ts'

const market = await newMarket()
const { chain, order, locked, disputed, notOpen, does, idOf, state, moved, kinds } = market
const { payer, payee, arbiter, signer, stranger } = chain.accounts

const release = async (terms: OrderTerms, amount: bigint, at?: bigint) =>
  await does(payer, 'release', [terms, amount], at === undefined ? {} : { at })

branches('cancel', {
  'when the caller is not the payer': {
    'it reverts with NotFor': async () => {
      const terms = await order()
      for (const other of [payee, signer, arbiter, stranger])
        await refused(does(other, 'cancel', [terms]), 'NotFor', other.address)
    },
  },
  'given the order is locked, disputed, closed or cancelled': {
    'it reverts with AlreadyUsed': async () => {
      for (const kind of kinds) {
        const over = (await notOpen({ token: kind })).slice(1)
        const used = [
          { terms: await locked({ token: kind }), status: 1 },
          { terms: await disputed({ token: kind }), status: 2 },
          ...over,
        ]
        for (const { terms, status } of used)
          await refused(does(payer, 'cancel', [terms]), 'AlreadyUsed', idOf(terms), status)
      }
    },
  },
  'given the order is not locked': {
    'it closes the order, so that its authorisation is worth nothing': async () => {
      const terms = await order({ token: market.token })
      await market.give(payer, terms.token, terms.amount)
      const { events } = await does(payer, 'cancel', [terms])
      expect(events).toEqual([['Cancelled', idOf(terms)]])
      expect(await state(terms)).toEqual({ status: 'Closed', disputedAt: 0n, paid: 0n })
      const authorization = await market.authorize(terms)
      const tried = does(stranger, 'lockFor', [terms, authorization])
      await refused(tried, 'AlreadyUsed', idOf(terms), 3)
    },
  },
})

branches('release', {
  'when the caller is not the payer': {
    'it reverts with NotFor': async () => {
      const terms = await locked()
      for (const other of [payee, signer, arbiter, stranger])
        await refused(does(other, 'release', [terms, 1n]), 'NotFor', other.address)
    },
  },
  'given the order is not locked, paid, refunded or cancelled': {
    'it reverts with NotOpen': async () => {
      for (const kind of kinds)
        for (const { terms, status } of await notOpen({ token: kind }))
          await refused(release(terms, 1n), 'NotOpen', idOf(terms), status)
    },
  },
  'when the amount is zero': {
    'it reverts with NothingToPay': async () => {
      await refused(release(await locked(), 0n), 'NothingToPay')
    },
  },
  'when the amount is more than is left': {
    'it reverts with MoreThanLeft': async () => {
      for (const kind of kinds) {
        const terms = await locked({ token: kind })
        await refused(release(terms, 101n), 'MoreThanLeft', 101n, 100n)
        await refused(release(terms, 2n ** 128n - 1n), 'MoreThanLeft', 2n ** 128n - 1n, 100n)
        await release(terms, 60n)
        await refused(release(terms, 41n), 'MoreThanLeft', 41n, 40n)
      }
    },
  },
  'when the amount is less than is left': {
    'it pays the payee and leaves the order open': async () => {
      for (const kind of kinds) {
        const terms = await locked({ token: kind })
        const amounts = await moved(terms, async () => {
          expect((await release(terms, 30n)).events).toEqual([['Paid', idOf(terms), 30n, 30n]])
          expect((await release(terms, 69n)).events).toEqual([['Paid', idOf(terms), 69n, 99n]])
        })
        expect(amounts).toEqual([0n, 99n, -99n])
        expect(await state(terms)).toEqual({ status: 'Active', disputedAt: 0n, paid: 99n })
      }
    },
  },
  'when the amount is what is left': {
    'it pays the payee and closes the order': async () => {
      for (const kind of kinds) {
        const terms = await locked({ token: kind })
        await release(terms, 1n)
        const amounts = await moved(terms, async () => {
          expect((await release(terms, 99n)).events).toEqual([['Paid', idOf(terms), 99n, 100n]])
        })
        expect(amounts).toEqual([0n, 99n, -99n])
        expect(await state(terms)).toEqual({ status: 'Closed', disputedAt: 0n, paid: 100n })
      }
    },
  },
  'given the order is disputed': {
    'it pays the payee nevertheless, and the rest stays frozen': async () => {
      for (const kind of kinds) {
        const terms = await disputed({ token: kind })
        const { disputedAt } = await state(terms)
        expect(await moved(terms, async () => await release(terms, 40n))).toEqual([0n, 40n, -40n])
        expect(await state(terms)).toEqual({ status: 'Disputed', disputedAt, paid: 40n })
        expect(await moved(terms, async () => await release(terms, 60n))).toEqual([0n, 60n, -60n])
        expect(await state(terms)).toEqual({ status: 'Closed', disputedAt, paid: 100n })
      }
    },
  },
  'given the payer could have its money back': {
    'it pays the payee nevertheless': async () => {
      const terms = await locked()
      const amounts = await moved(terms, async () => await release(terms, 100n, terms.refundableAt))
      expect(amounts).toEqual([0n, 100n, -100n])
    },
  },
  'given the payee does not take it': {
    'it keeps the money for the payee': async () => {
      const unwilling = await market.smartAccount(payee)
      await market.tell(unwilling, 'take', [1, 0n])
      const terms = await locked({ payee: unwilling })
      const amounts = await moved(terms, async () => {
        expect((await release(terms, 70n)).events).toEqual([
          ['Paid', idOf(terms), 70n, 70n],
          ['Credited', noAddress, unwilling, 70n],
        ])
      })
      expect(amounts).toEqual([0n, 0n, 0n])
      expect(await market.credit(noAddress, unwilling)).toBe(70n)
      expect((await state(terms)).paid).toBe(70n)
    },
  },
})
