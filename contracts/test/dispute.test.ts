import { noAddress, type OrderTerms } from '@openclaw-market/protocol/typed-data/escrow'
import type { Account } from 'viem'
import { expect } from 'vitest'
import { branches, type Test } from './branches.fixture.ts'
import { newMarket } from './market.fixture.ts'
import { refused } from './said.fixture.ts'

const market = await newMarket()
const { chain, order, locked, disputed, notOpen, does, idOf, state, moved, kinds } = market
const { payer, payee, arbiter, signer, stranger } = chain.accounts
const noArbiter = { arbiter: noAddress, decisionTime: 0, undecidedPayeeBps: 0 }

const sent = (at?: bigint) => (at === undefined ? {} : { at })
const dispute = async (by: Account, terms: OrderTerms, at?: bigint) =>
  await does(by, 'dispute', [terms], sent(at))
const decide = async (terms: OrderTerms, total: bigint, at?: bigint) =>
  await does(arbiter, 'decide', [terms, total], sent(at))
const conclude = async (terms: OrderTerms, at: bigint, by: Account = stranger) =>
  await does(by, 'conclude', [terms], sent(at))
/** The second in which the arbiter's time is over. */
const end = async (terms: OrderTerms) => (await state(terms)).disputedAt + BigInt(terms.decisionTime)

const freezes = (by: Account): Test => {
  return async () => {
    for (const kind of kinds) {
      const terms = await locked({ token: kind })
      const at = terms.refundableAt - 1n
      const { events } = await dispute(by, terms, at)
      expect(events).toEqual([['Disputed', idOf(terms), by.address, at + 1_000n]])
      expect(await state(terms)).toEqual({ status: 'Disputed', disputedAt: at, paid: 0n })
    }
  }
}

branches('dispute', {
  'when the caller is neither the payer nor the payee': {
    'it reverts with NotFor': async () => {
      const terms = await locked()
      for (const other of [arbiter, signer, stranger])
        await refused(dispute(other, terms), 'NotFor', other.address)
    },
  },
  'given the order is not locked, paid, refunded or cancelled': {
    'it reverts with NotOpen': async () => {
      for (const { terms, status } of await notOpen())
        for (const by of [payer, payee]) await refused(dispute(by, terms), 'NotOpen', idOf(terms), status)
    },
  },
  'given there is no arbiter': {
    'it reverts with NoArbiter': async () => {
      const terms = await locked(noArbiter)
      for (const by of [payer, payee]) await refused(dispute(by, terms), 'NoArbiter')
    },
  },
  'given the order is disputed already': {
    'it reverts with Frozen': async () => {
      const terms = await disputed()
      for (const by of [payer, payee])
        await refused(dispute(by, terms), 'Frozen', idOf(terms), await end(terms))
    },
  },
  'when refundableAt is in this second': {
    'it reverts with TooLateToDispute': async () => {
      for (const by of [payer, payee]) {
        const terms = await locked()
        await refused(dispute(by, terms, terms.refundableAt), 'TooLateToDispute', terms.refundableAt)
      }
    },
  },
  'when refundableAt is in the next second': {
    'when the caller is the payer': { 'it freezes what is left': freezes(payer) },
    'when the caller is the payee': { 'it freezes what is left': freezes(payee) },
  },
})

/** After these are paid, the arbiter says this; then these go to payer and payee. */
const splits = (paid: bigint, total: bigint, toPayer: bigint, toPayee: bigint, late = false): Test => {
  return async () => {
    for (const kind of kinds) {
      const terms = await disputed({ token: kind })
      if (paid > 0n) await does(payer, 'release', [terms, paid])
      const { disputedAt } = await state(terms)
      const at = late ? (await end(terms)) - 1n : undefined
      const amounts = await moved(terms, async () => {
        const { events } = await decide(terms, total, at)
        expect(events).toEqual([['Decided', idOf(terms), arbiter.address, toPayee, toPayer]])
      })
      expect(amounts).toEqual([toPayer, toPayee, -toPayer - toPayee])
      expect(await state(terms)).toEqual({ status: 'Closed', disputedAt, paid: paid + toPayee })
    }
  }
}

/** Each order with a status in which there is nothing to decide. */
const notDisputed = async () => [...(await notOpen()), { terms: await locked(), status: 1 }]

branches('decide', {
  'when the caller is not the arbiter': {
    'it reverts with NotFor': async () => {
      const terms = await disputed()
      for (const other of [payer, payee, signer, stranger])
        await refused(does(other, 'decide', [terms, 1n]), 'NotFor', other.address)
    },
  },
  'given the order is not locked, not disputed or closed': {
    'it reverts with NotDisputed': async () => {
      for (const { terms, status } of await notDisputed())
        await refused(decide(terms, 1n), 'NotDisputed', idOf(terms), status)
    },
  },
  'when its time is over in this second': {
    'it reverts with TooLateToDecide': async () => {
      const terms = await disputed()
      const at = await end(terms)
      await refused(decide(terms, 1n, at), 'TooLateToDecide', at)
    },
  },
  'when the payee would get more than is locked': {
    'it reverts with MoreThanLeft': async () => {
      const terms = await disputed()
      await refused(decide(terms, 101n), 'MoreThanLeft', 101n, 100n)
      await does(payer, 'release', [terms, 40n])
      await refused(decide(terms, 101n), 'MoreThanLeft', 101n, 100n)
    },
  },
  'when its time is over in the next second': { 'it splits what is left': splits(0n, 30n, 70n, 30n, true) },
  'when the payee gets nothing': { 'it returns what is left to the payer': splits(0n, 0n, 100n, 0n) },
  'when the payee gets all': { 'it pays the payee what is left': splits(0n, 100n, 0n, 100n) },
  'given the payee has got some of that already': {
    'it pays the payee what it lacks': splits(40n, 60n, 40n, 20n),
  },
  'given the payee has got more than that already': {
    'it returns what is left to the payer': splits(40n, 39n, 60n, 0n),
  },
  'given neither takes it': {
    'it keeps the money for each': async () => {
      const [one, other] = [await market.smartAccount(payer), await market.smartAccount(payee)]
      const terms = await order({ payer: one, payee: other })
      await chain.fund(one, 100n)
      await market.tell(one, 'run', [market.escrow, 100n, market.dataOf('lock', [terms])])
      await market.tell(one, 'run', [market.escrow, 0n, market.dataOf('dispute', [terms])])
      for (const unwilling of [one, other]) await market.tell(unwilling, 'take', [1, 0n])
      const { events } = await decide(terms, 30n)
      expect(events).toEqual([
        ['Decided', idOf(terms), arbiter.address, 30n, 70n],
        ['Credited', noAddress, other, 30n],
        ['Credited', noAddress, one, 70n],
      ])
      expect(await market.credit(noAddress, one)).toBe(70n)
      expect(await market.credit(noAddress, other)).toBe(30n)
    },
  },
})

/** What is left after these were paid goes to payer and payee when the arbiter has said nothing. */
const concludes = (terms: Partial<OrderTerms>, paid: bigint, toPayer: bigint, toPayee: bigint): Test => {
  return async () => {
    for (const kind of kinds)
      for (const by of [payer, payee, arbiter, stranger]) {
        const all = await disputed({ token: kind, ...terms })
        if (paid > 0n) await does(payer, 'release', [all, paid])
        const [at, { disputedAt }] = [await end(all), await state(all)]
        const amounts = await moved(all, async () => {
          const { events } = await conclude(all, at, by)
          expect(events).toEqual([['Decided', idOf(all), noAddress, toPayee, toPayer]])
        })
        expect(amounts).toEqual([toPayer, toPayee, -toPayer - toPayee])
        expect(await state(all)).toEqual({ status: 'Closed', disputedAt, paid: paid + toPayee })
      }
  }
}
const most = 2n ** 128n - 1n

branches('conclude', {
  'given the order is not locked, not disputed or closed': {
    'it reverts with NotDisputed': async () => {
      for (const { terms, status } of await notDisputed())
        await refused(does(stranger, 'conclude', [terms]), 'NotDisputed', idOf(terms), status)
    },
  },
  "when the arbiter's time is over in the next second": {
    'it reverts with NotDecidableYet': async () => {
      const terms = await disputed()
      const at = await end(terms)
      await refused(conclude(terms, at - 1n), 'NotDecidableYet', at)
    },
  },
  "when the arbiter's time is over in this second": {
    'when the caller is anybody': {
      'it splits what is left as was agreed on': concludes({}, 0n, 75n, 25n),
    },
    'given the share does not come out even': {
      "it rounds to the payer's good": concludes({ amount: 7n, undecidedPayeeBps: 3_333 }, 0n, 5n, 2n),
    },
    'given the payee gets the whole or nothing': {
      'it pays one of them all that is left': async () => {
        await concludes({ undecidedPayeeBps: 10_000 }, 0n, 0n, 100n)()
        await concludes({ undecidedPayeeBps: 0 }, 0n, 100n, 0n)()
        const all = { amount: most, undecidedPayeeBps: 10_000, payee: await market.smartAccount(payee) }
        await concludes(all, 0n, 0n, most)()
      },
    },
    'given something was paid in the dispute': {
      'it splits what is left as was agreed on': concludes({}, 60n, 30n, 10n),
    },
  },
})
