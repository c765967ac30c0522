import { noAddress, type OrderTerms } from '@openclaw-market/protocol/typed-data/escrow'
import type { Account, Hex } from 'viem'
import { createWalletClient, http } from 'viem'
import { hardhat } from 'viem/chains'
import { expect } from 'vitest'
import { branches } from './branches.fixture.ts'
import { keyOf } from './chain.fixture.ts'
import { address, marketOn, newMarket } from './market.fixture.ts'
import { malformed, refused } from './said.fixture.ts'

const market = await newMarket()
const { chain, locked, disputed, notOpen, does, idOf, state, moved, vouch, kinds } = market
const { payer, payee, arbiter, signer, stranger } = chain.accounts
const elsewhere = await marketOn(chain)

const claim = async (terms: OrderTerms, sum: bigint, voucher: Hex, by: Account = stranger, at?: bigint) =>
  await does(by, 'claim', [terms, sum, voucher], at === undefined ? {} : { at })
const claimed = async (terms: OrderTerms, sum: bigint, by?: Account, at?: bigint) =>
  await claim(terms, sum, await vouch(terms, sum), by, at)

/** A key at whose address is the code of a smart account (EIP-7702), whose own key is another. */
async function delegated(name: string) {
  const key = keyOf(name)
  const code = await market.smartAccount(stranger)
  const wallet = createWalletClient({ account: key, chain: hardhat, transport: http('http://unused') })
  const authorization = await wallet.signAuthorization({
    contractAddress: code,
    chainId: chain.chainId,
    nonce: 0,
  })
  await chain.send(stranger, { to: key.address, authorizationList: [authorization] })
  expect(await chain.publicClient.getCode({ address: key.address })).toMatch(/^0xef0100/)
  return key
}

branches('claim', {
  'given the order is not locked, paid, refunded or cancelled': {
    'it reverts with NotOpen': async () => {
      for (const kind of kinds)
        for (const { terms, status } of await notOpen({ token: kind }))
          await refused(claimed(terms, 100n), 'NotOpen', idOf(terms), status)
    },
  },
  'when the payer can have its money back from this second on': {
    'it reverts with VoucherTooLate': async () => {
      const terms = await locked()
      const { refundableAt } = terms
      await refused(claimed(terms, 10n, payee, refundableAt), 'VoucherTooLate', refundableAt)
    },
  },
  'when the payer can have its money back from the next second on': {
    'it pays the payee': async () => {
      for (const kind of kinds) {
        const terms = await locked({ token: kind })
        const pays = async () => await claimed(terms, 10n, payee, terms.refundableAt - 1n)
        expect(await moved(terms, pays)).toEqual([0n, 10n, -10n])
      }
    },
  },
  'when the voucher says no more than was paid': {
    'it reverts with VoucherNotAbove': async () => {
      const terms = await locked()
      await refused(claimed(terms, 0n), 'VoucherNotAbove', 0n, 0n)
      await claimed(terms, 10n)
      for (const sum of [9n, 10n]) await refused(claimed(terms, sum), 'VoucherNotAbove', sum, 10n)
      await does(payer, 'release', [terms, 5n])
      await refused(claimed(terms, 15n), 'VoucherNotAbove', 15n, 15n)
    },
  },
  "given nobody's vouchers count": {
    'it reverts with NoVouchers': async () => {
      const terms = await locked({ voucherSigner: noAddress })
      for (const voucher of [await vouch(terms, 10n), ...malformed(await vouch(terms, 10n))])
        await refused(claim(terms, 10n, voucher), 'NoVouchers')
    },
  },
  'when the voucher says more than is locked': {
    'it reverts with VoucherBeyondLock': async () => {
      const terms = await locked()
      await refused(claimed(terms, 101n), 'VoucherBeyondLock', 101n, 100n)
    },
  },
  'given the voucher signer is a key': {
    'when somebody else has signed': {
      'it reverts with BadSignature': async () => {
        const terms = await locked()
        for (const other of [payer, payee, arbiter, stranger])
          await refused(claim(terms, 10n, await vouch(terms, 10n, other)), 'BadSignature', signer.address)
      },
    },
    'when another sum, order, escrow or chain was signed': {
      'it reverts with BadSignature': async () => {
        const [terms, other] = [await locked(), await locked()]
        const forks = await marketOn({ ...chain, chainId: 1 })
        const wrong = [
          await vouch(terms, 11n),
          await vouch(other, 10n),
          await elsewhere.vouch(terms, 10n),
          await forks.vouch(terms, 10n),
          await market.authorize(terms, signer),
        ]
        for (const voucher of wrong) await refused(claim(terms, 10n, voucher), 'BadSignature', signer.address)
      },
    },
    'when the signature is malformed, or its twin with the other s': {
      'it reverts with BadSignature': async () => {
        const terms = await locked()
        for (const wrong of malformed(await vouch(terms, 10n)))
          await refused(claim(terms, 10n, wrong), 'BadSignature', signer.address)
      },
    },
    "given there is code at the key's address": {
      'when the key has signed': {
        'it pays the payee whatever the code says': async () => {
          const key = await delegated('with refusing code')
          const terms = await locked({ voucherSigner: address(key.address) })
          await market.tell(key.address, 'take', [1, 0n])
          const voucher = await vouch(terms, 10n, key)
          expect(await moved(terms, async () => await claim(terms, 10n, voucher))).toEqual([0n, 10n, -10n])
        },
      },
      'when the code accepts what another key has signed': {
        'it pays the payee': async () => {
          const key = await delegated('with willing code')
          await market.tell(key.address, 'setKey', [arbiter.address])
          const terms = await locked({ voucherSigner: address(key.address) })
          const voucher = await vouch(terms, 10n, arbiter)
          expect(await moved(terms, async () => await claim(terms, 10n, voucher))).toEqual([0n, 10n, -10n])
        },
      },
    },
    'when the key has signed': {
      'when it says less than is locked': {
        'it pays the payee what is new, whoever brings it': async () => {
          for (const kind of kinds) {
            const terms = await locked({ token: kind })
            let paid = 0n
            for (const [by, sum] of [
              [payee, 10n],
              [payer, 35n],
              [stranger, 99n],
            ] as const) {
              const amounts = await moved(terms, async () => {
                const { events } = await claimed(terms, sum, by)
                expect(events).toEqual([['Paid', idOf(terms), sum - paid, sum]])
              })
              expect(amounts).toEqual([0n, sum - paid, paid - sum])
              paid = sum
              expect(await state(terms)).toEqual({ status: 'Active', disputedAt: 0n, paid })
            }
          }
        },
      },
      'when it says all that is locked': {
        'it pays the payee and closes the order': async () => {
          for (const kind of kinds) {
            const terms = await locked({ token: kind })
            const amounts = await moved(terms, async () => {
              const { events } = await claimed(terms, 100n)
              expect(events).toEqual([['Paid', idOf(terms), 100n, 100n]])
            })
            expect(amounts).toEqual([0n, 100n, -100n])
            expect(await state(terms)).toEqual({ status: 'Closed', disputedAt: 0n, paid: 100n })
          }
        },
      },
    },
  },
  'given the voucher signer is a contract': {
    'when it does not accept the signature': {
      'it reverts with BadSignature': async () => {
        const account = await market.smartAccount(signer)
        const terms = await locked({ voucherSigner: account })
        await refused(claim(terms, 10n, await vouch(terms, 10n, stranger)), 'BadSignature', account)
        const nothing = address(market.token)
        const odd = await locked({ voucherSigner: nothing })
        await refused(claim(odd, 10n, await vouch(odd, 10n)), 'BadSignature', nothing)
      },
    },
    'when it accepted the signature once and does no more': {
      'it reverts with BadSignature': async () => {
        const account = await market.smartAccount(signer)
        const terms = await locked({ voucherSigner: account })
        const [voucher, more] = [await vouch(terms, 10n), await vouch(terms, 20n)]
        await claim(terms, 10n, voucher)
        for (const [manner, length] of [
          [1, 0n],
          [3, 1_000_000n],
        ] as const) {
          await market.tell(account, 'take', [manner, length])
          await refused(claim(terms, 20n, more), 'BadSignature', account)
        }
        await market.tell(account, 'take', [0, 0n])
        await market.tell(account, 'setKey', [stranger.address])
        await refused(claim(terms, 20n, more), 'BadSignature', account)
      },
    },
    'when it accepts the signature': {
      'it pays the payee': async () => {
        for (const kind of kinds) {
          const terms = await locked({ token: kind, voucherSigner: await market.smartAccount(signer) })
          expect(await moved(terms, async () => await claimed(terms, 10n))).toEqual([0n, 10n, -10n])
        }
      },
    },
  },
  'given the order is disputed': {
    'it pays the payee nevertheless, and the rest stays frozen': async () => {
      for (const kind of kinds) {
        const terms = await disputed({ token: kind })
        const { disputedAt } = await state(terms)
        expect(await moved(terms, async () => await claimed(terms, 40n))).toEqual([0n, 40n, -40n])
        expect(await state(terms)).toEqual({ status: 'Disputed', disputedAt, paid: 40n })
        expect(await moved(terms, async () => await claimed(terms, 100n))).toEqual([0n, 60n, -60n])
        expect((await state(terms)).status).toBe('Closed')
      }
    },
  },
})
