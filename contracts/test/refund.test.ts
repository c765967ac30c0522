import { noAddress, type OrderTerms } from '@openclaw-market/protocol/typed-data/escrow'
import type { Account } from 'viem'
import { expect } from 'vitest'
import { branches, type Test } from './branches.fixture.ts'
import { newMarket } from './market.fixture.ts'
import { refused } from './said.fixture.ts'

const market = await newMarket()
const { chain, locked, disputed, notOpen, does, idOf, state, moved, kinds } = market
const { payer, payee, arbiter, signer, stranger } = chain.accounts

const refund = async (by: Account, terms: OrderTerms, at?: bigint) =>
  await does(by, 'refund', [terms], at === undefined ? {} : { at })

/** Forty of a hundred are paid before. */
const returnsTheRest = (made: typeof locked, callers: readonly Account[], inTime: boolean): Test => {
  return async () => {
    for (const kind of kinds)
      for (const by of callers) {
        const terms = await made({ token: kind })
        await does(payer, 'release', [terms, 40n])
        const { disputedAt } = await state(terms)
        const at = inTime ? undefined : terms.refundableAt
        const amounts = await moved(terms, async () => {
          expect((await refund(by, terms, at)).events).toEqual([['Refunded', idOf(terms), 60n]])
        })
        expect(amounts).toEqual([60n, 0n, -60n])
        expect(await state(terms)).toEqual({ status: 'Closed', disputedAt, paid: 40n })
      }
  }
}
const others = [payer, signer, arbiter, stranger]

branches('refund', {
  'given the order is not locked, paid, refunded or cancelled': {
    'it reverts with NotOpen': async () => {
      for (const kind of kinds)
        for (const { terms, status } of await notOpen({ token: kind }))
          for (const by of [payee, payer, stranger])
            await refused(refund(by, terms), 'NotOpen', idOf(terms), status)
    },
  },
  'when the caller is the payee': {
    'when it is not time yet': {
      'it returns what is left to the payer and closes the order': returnsTheRest(locked, [payee], true),
    },
    'given the order is disputed': {
      'it returns what is left to the payer and closes the order': returnsTheRest(disputed, [payee], true),
    },
  },
  'when the caller is anybody else': {
    'given the order is disputed': {
      'it reverts with Frozen': async () => {
        const terms = await disputed()
        const { disputedAt } = await state(terms)
        for (const by of others) {
          await refused(refund(by, terms), 'Frozen', idOf(terms), disputedAt + 1_000n)
        }
        const late = refund(payer, terms, terms.refundableAt + 10_000n)
        await refused(late, 'Frozen', idOf(terms), disputedAt + 1_000n)
      },
    },
    'when refundableAt is in the next second': {
      'it reverts with NotRefundableYet': async () => {
        for (const by of others) {
          const terms = await locked()
          const early = refund(by, terms, terms.refundableAt - 1n)
          await refused(early, 'NotRefundableYet', terms.refundableAt)
        }
      },
    },
    'when refundableAt is in this second': {
      'it returns what is left to the payer and closes the order': returnsTheRest(locked, others, false),
    },
  },
  'given the payer does not take it': {
    'it keeps the money for the payer': async () => {
      const unwilling = await market.smartAccount(payer)
      const terms = await market.order({ payer: unwilling })
      await chain.fund(unwilling, 100n)
      await market.tell(unwilling, 'run', [market.escrow, 100n, market.dataOf('lock', [terms])])
      await market.tell(unwilling, 'take', [1, 0n])
      const { events } = await refund(payee, terms)
      expect(events).toEqual([
        ['Refunded', idOf(terms), 100n],
        ['Credited', noAddress, unwilling, 100n],
      ])
      expect(await market.credit(noAddress, unwilling)).toBe(100n)
      expect((await state(terms)).status).toBe('Closed')
    },
  },
})
