import { noAddress, type OrderTerms } from '@openclaw-market/protocol/typed-data/escrow'
import type { Account, Hex } from 'viem'
import { expect } from 'vitest'
import { branches } from './branches.fixture.ts'
import { address, marketOn, newMarket } from './market.fixture.ts'
import { malformed, refused } from './said.fixture.ts'

const market = await newMarket()
const { chain, escrow, order, give, does, idOf, state, authorize, vouch, token } = market
const { payer, payee, signer, stranger } = chain.accounts
const elsewhere = await marketOn(chain)
await give(payer, token, 10n ** 6n)

const lockFor = async (terms: OrderTerms, authorization: Hex, at?: bigint, by: Account = stranger) =>
  await does(by, 'lockFor', [terms, authorization], at === undefined ? {} : { at })
const signedTerms = async (terms: Partial<OrderTerms> = {}) => {
  const all = await order({ token, ...terms })
  return [all, await authorize(all)] as const
}
const expectLocked = async (terms: OrderTerms, by: Account, authorization: Hex) => {
  const amounts = await market.moved(terms, async () => {
    const { events } = await lockFor(terms, authorization, undefined, by)
    expect(events).toEqual([['Locked', idOf(terms), terms.payer, terms.payee, terms]])
  })
  expect(amounts).toEqual([-100n, 0n, 100n])
  expect(await state(terms)).toEqual({ status: 'Active', disputedAt: 0n, paid: 0n })
}

/** A contract that has tokens and whose key is the payer's. */
async function contractPayer() {
  const account = await market.smartAccount(payer)
  await market.tell(token, 'mint', [account, 1_000n])
  const allowing = market.allowance(1_000n)
  await market.tell(account, 'run', [token, 0n, allowing])
  const terms = await order({ token, payer: account })
  return { account, terms }
}

branches('lockFor', {
  "given the money is the chain's own coin": {
    'it reverts with OwnCoinByPayerOnly': async () => {
      const [terms, authorization] = await signedTerms({ token: noAddress })
      await refused(lockFor(terms, authorization), 'OwnCoinByPayerOnly')
    },
  },
  'when own coin is sent': {
    'it reverts with no reason': async () => {
      await give(stranger, noAddress, 1n)
      await refused(does(stranger, 'lockFor', [...(await signedTerms())], { value: 1n }))
    },
  },
  'when the payer is nobody': {
    'it reverts with BadSignature': async () => {
      const terms = await order({ token, payer: noAddress })
      for (const wrong of [await authorize(terms), ...malformed(await authorize(terms))])
        await refused(lockFor(terms, wrong), 'BadSignature', noAddress)
    },
  },
  'given the payer is a key': {
    'when somebody else has signed': {
      'it reverts with BadSignature': async () => {
        const terms = await order({ token })
        for (const other of [payee, signer, stranger])
          await refused(lockFor(terms, await authorize(terms, other)), 'BadSignature', payer.address)
      },
    },
    'when the payer has signed other terms': {
      'it reverts with BadSignature': async () => {
        const [terms, authorization] = await signedTerms()
        await refused(lockFor({ ...terms, amount: 101n }, authorization), 'BadSignature', payer.address)
      },
    },
    'when the payer has signed for another escrow': {
      'it reverts with BadSignature': async () => {
        const terms = await order({ token })
        await refused(lockFor(terms, await elsewhere.authorize(terms)), 'BadSignature', payer.address)
      },
    },
    'when the signature is malformed, or its twin with the other s': {
      'it reverts with BadSignature': async () => {
        const [terms, authorization] = await signedTerms()
        for (const wrong of malformed(authorization))
          await refused(lockFor(terms, wrong), 'BadSignature', payer.address)
      },
    },
    'when what was signed is a voucher': {
      'it reverts with BadSignature': async () => {
        const terms = await order({ token })
        await refused(lockFor(terms, await vouch(terms, 100n, payer)), 'BadSignature', payer.address)
      },
    },
    'when the payer has signed': {
      "it locks the payer's tokens, whoever sends it": async () => {
        for (const by of [payer, payee, stranger]) {
          const [terms, authorization] = await signedTerms()
          await expectLocked(terms, by, authorization)
        }
      },
    },
  },
  'given the payer is a contract': {
    'when it does not accept the signature': {
      'it reverts with BadSignature': async () => {
        const { account, terms } = await contractPayer()
        await refused(lockFor(terms, await authorize(terms, stranger)), 'BadSignature', account)
      },
    },
    'when it reverts, or answers at length': {
      'it reverts with BadSignature': async () => {
        const { account, terms } = await contractPayer()
        for (const [manner, length] of [
          [1, 0n],
          [3, 1_000_000n],
        ] as const) {
          await market.tell(account, 'take', [manner, length])
          await refused(lockFor(terms, await authorize(terms)), 'BadSignature', account)
        }
      },
    },
    'when it accepts the signature': {
      "it locks the payer's tokens, whoever sends it": async () => {
        for (const by of [payee, stranger]) {
          const { terms } = await contractPayer()
          await expectLocked(terms, by, await authorize(terms))
        }
      },
    },
  },
  'when the terms are not sound': {
    'it reverts with BadTerms': async () => {
      const wrong = [
        ['payee', { payee: noAddress }],
        ['token', { token: address(stranger.address) }],
        ['amount', { amount: 0n }],
        ['arbiter', { arbiter: address(payer.address) }],
        ['decisionTime', { decisionTime: 0 }],
        ['undecidedPayeeBps', { undecidedPayeeBps: 10_001 }],
        ['refundableAt', { refundableAt: 2n ** 64n - 1n }],
      ] as const
      for (const [field, terms] of wrong)
        await refused(lockFor(...(await signedTerms(terms))), 'BadTerms', field)
    },
  },
  'when the order expires in this second': {
    'it reverts with Expired': async () => {
      const at = (await chain.now()) + 5n
      await refused(lockFor(...(await signedTerms({ expiresAt: at })), at), 'Expired', at)
    },
  },
  'given the order was locked or cancelled': {
    'it reverts with AlreadyUsed': async () => {
      const [terms, authorization] = await signedTerms()
      await lockFor(terms, authorization)
      await refused(lockFor(terms, authorization), 'AlreadyUsed', idOf(terms), 1)
      await does(payee, 'refund', [terms])
      await refused(lockFor(terms, authorization), 'AlreadyUsed', idOf(terms), 3)
      const [other, signed] = await signedTerms()
      await does(payer, 'cancel', [other])
      await refused(lockFor(other, signed), 'AlreadyUsed', idOf(other), 3)
    },
  },
})

const lockWithPermit = async (terms: OrderTerms, permit: Awaited<ReturnType<typeof market.permit>>) =>
  await does(stranger, 'lockWithPermit', [terms, await authorize(terms), permit])
const noPermit = { deadline: 0n, v: 27, r: `0x${'11'.repeat(32)}`, s: `0x${'22'.repeat(32)}` } as const

/** A token, and an order in it whose payer has allowed nothing. */
async function unallowed(kind = 'HonestToken') {
  const fresh = address(await chain.mock('OddTokens', kind))
  await market.tell(fresh, 'mint', [payer.address, 1_000n])
  return await order({ token: fresh })
}
const expectLockedWith = async (terms: OrderTerms, permit: Awaited<ReturnType<typeof market.permit>>) => {
  const amounts = await market.moved(terms, async () => {
    const { events } = await lockWithPermit(terms, permit)
    expect(events).toEqual([['Locked', idOf(terms), terms.payer, terms.payee, terms]])
  })
  expect(amounts).toEqual([-100n, 0n, 100n])
}

branches('lockWithPermit', {
  "given the money is the chain's own coin": {
    'it reverts with OwnCoinByPayerOnly': async () => {
      await refused(lockWithPermit(await order(), noPermit), 'OwnCoinByPayerOnly')
    },
  },
  'when the payer has not signed': {
    'it reverts with BadSignature': async () => {
      const terms = await unallowed()
      const permit = await market.permit(terms)
      const tried = does(stranger, 'lockWithPermit', [terms, await authorize(terms, stranger), permit])
      await refused(tried, 'BadSignature', payer.address)
      expect(await market.allowed(terms.token, payer.address)).toBe(0n)
    },
  },
  'when there is no code at the token': {
    'it reverts with BadTerms of the token': async () => {
      const terms = await order({ token: address(stranger.address) })
      await refused(lockWithPermit(terms, noPermit), 'BadTerms', 'token')
    },
  },
  'given the token knows permits': {
    'when the permit is good': {
      "it locks the payer's tokens without an allowance before": async () => {
        const terms = await unallowed()
        await expectLockedWith(terms, await market.permit(terms))
        expect(await market.allowed(terms.token, payer.address)).toBe(0n)
      },
    },
    'when the permit was used by somebody else before': {
      "it locks the payer's tokens": async () => {
        const terms = await unallowed()
        const permit = await market.permit(terms)
        await market.usePermit(terms, permit)
        await expectLockedWith(terms, permit)
      },
    },
    'when the permit is not good and there is no allowance': {
      'it reverts as the token does': async () => {
        const terms = await unallowed()
        const wrong = [
          await market.permit(terms, stranger),
          await market.permit(terms, payer, 1n),
          await market.permit({ ...terms, amount: 101n }),
          noPermit,
        ]
        for (const permit of wrong)
          await refused(lockWithPermit(terms, permit), 'ERC20InsufficientAllowance', escrow, 0n, 100n)
      },
    },
  },
  'given the token knows no permits': {
    'when there is an allowance': {
      "it locks the payer's tokens": async () => {
        const terms = await unallowed('SilentToken')
        await market.allow(payer, terms.token, 100n)
        await expectLockedWith(terms, noPermit)
      },
    },
    'when there is no allowance': {
      'it panics as the token does': async () => {
        await refused(lockWithPermit(await unallowed('SilentToken'), noPermit), 'Panic', 0x11n)
      },
    },
  },
})
