import { noAddress, type OrderTerms } from '@openclaw-market/protocol/typed-data/escrow'
import type { Address, Hex } from 'viem'
import { expect } from 'vitest'
import { branches } from './branches.fixture.ts'
import { keyOf } from './chain.fixture.ts'
import { address, newMarket } from './market.fixture.ts'
import { escrowAbi, malformed, refused } from './said.fixture.ts'

const market = await newMarket()
const { chain, locked, notOpen, does, idOf, state, moved, vouch, kinds } = market
const { payer, payee, signer, stranger } = chain.accounts

interface Asked {
  readonly order: OrderTerms
  readonly cumulative: bigint
  readonly signature: Hex
}
const asks = async (order: OrderTerms, cumulative: bigint): Promise<Asked> => ({
  order,
  cumulative,
  signature: await vouch(order, cumulative),
})
const batch = async (...claims: readonly Asked[]) => await does(stranger, 'claimBatch', [claims])

/** What the function answers: what each claim would come to. */
const amountsOf = async (claims: readonly Asked[]) => {
  const what = { address: market.escrow, abi: escrowAbi, functionName: 'claimBatch', args: [claims] } as const
  return (await chain.publicClient.simulateContract(what)).result
}

/** What everybody has more after it. */
async function gained(kind: Address, accounts: readonly Address[], what: () => Promise<unknown>) {
  const all = async () => await Promise.all(accounts.map((account) => market.balance(kind, account)))
  const before = await all()
  await what()
  return (await all()).map((after, i) => after - (before[i] ?? 0n))
}

/** The claim is passed over, in the middle of two others that are paid. */
async function passesOver(asked: Asked, at?: bigint): Promise<void> {
  const long = {
    expiresAt: asked.order.refundableAt + 1_000n,
    refundableAt: asked.order.refundableAt + 1_000n,
  }
  const [one, other] = [await locked(long), await locked(long)]
  const before = await state(asked.order)
  const claims = [await asks(one, 1n), asked, await asks(other, 2n)]
  const { events } = await does(stranger, 'claimBatch', [claims], at === undefined ? {} : { at })
  expect(events).toEqual([
    ['Paid', idOf(one), 1n, 1n],
    ['Paid', idOf(other), 2n, 2n],
  ])
  expect(await state(asked.order)).toEqual(before)
}

/** The claim undoes the batch. */
async function undoes(asked: Asked, error: string, ...figures: unknown[]): Promise<void> {
  const [one, other] = [await locked(), await locked()]
  await refused(batch(await asks(one, 1n), asked, await asks(other, 2n)), error, ...figures)
  for (const each of [one, other]) expect((await state(each)).paid).toBe(0n)
}

branches('claimBatch', {
  'when there are no claims': {
    'it does nothing': async () => {
      expect((await batch()).receipt.logs).toEqual([])
    },
  },
  'given an order is not locked, paid, refunded or cancelled': {
    'it passes over the claim and pays the others': async () => {
      for (const { terms } of await notOpen()) await passesOver(await asks(terms, 100n))
    },
  },
  'when the payer can have its money back from this second on': {
    'it passes over the claim and pays the others': async () => {
      const terms = await locked()
      await passesOver(await asks(terms, 10n), terms.refundableAt)
    },
  },
  'when a voucher says no more than was paid': {
    'it passes over the claim and pays the others': async () => {
      const terms = await locked()
      await does(payer, 'release', [terms, 10n])
      for (const sum of [0n, 9n, 10n]) await passesOver(await asks(terms, sum))
    },
  },
  'when an order comes twice': {
    'when the later voucher says more': {
      'it pays both': async () => {
        for (const kind of kinds) {
          const terms = await locked({ token: kind })
          const amounts = await moved(terms, async () => {
            const claims = [await asks(terms, 10n), await asks(terms, 10n), await asks(terms, 25n)]
            expect(await amountsOf(claims)).toEqual([10n, 0n, 15n])
            const { events } = await batch(...claims)
            expect(events).toEqual([
              ['Paid', idOf(terms), 10n, 10n],
              ['Paid', idOf(terms), 15n, 25n],
            ])
          })
          expect(amounts).toEqual([0n, 25n, -25n])
        }
      },
    },
    'when the later voucher says less': {
      'it passes over the later one': async () => {
        const terms = await locked()
        const twice = async () =>
          await batch(await asks(terms, 25n), await asks(terms, 10n), await asks(terms, 25n))
        expect(await moved(terms, twice)).toEqual([0n, 25n, -25n])
      },
    },
  },
  "given nobody's vouchers count": {
    'it reverts with NoVouchers, and nobody is paid': async () => {
      await undoes(await asks(await locked({ voucherSigner: noAddress }), 10n), 'NoVouchers')
    },
  },
  'when a voucher says more than is locked': {
    'it reverts with VoucherBeyondLock, and nobody is paid': async () => {
      await undoes(await asks(await locked(), 101n), 'VoucherBeyondLock', 101n, 100n)
    },
  },
  'when a signature is not good': {
    'it reverts with BadSignature, and nobody is paid': async () => {
      const asked = await asks(await locked(), 10n)
      for (const signature of malformed(asked.signature))
        await undoes({ ...asked, signature }, 'BadSignature', signer.address)
    },
  },
  'when claims of one payee in one money follow each other': {
    'it pays them together': async () => {
      const { token } = market
      const all = [await locked({ token }), await locked({ token }), await locked({ token })]
      const claims = await Promise.all(all.map(async (terms, i) => await asks(terms, 10n + BigInt(i))))
      const [gain] = await gained(token, [payee.address], async () => {
        const { receipt } = await batch(...claims)
        const transfers = receipt.logs.filter((log) => log.address === token.toLowerCase())
        expect(transfers).toHaveLength(1)
      })
      expect(gain).toBe(33n)
    },
  },
  'when payees and moneys take turns': {
    'it pays each what is due to it': async () => {
      const { token } = market
      const other = address(keyOf('another payee').address)
      const terms = [
        { token, amount: 1_000n },
        { token: noAddress },
        { token: noAddress, payee: other },
        { token, payee: other },
        { token },
        { token: noAddress },
      ]
      const all = []
      for (const each of terms) all.push(await locked(each))
      const claims = await Promise.all(all.map(async (each, i) => await asks(each, 2n ** BigInt(i))))
      const payees = [payee.address, other]
      const tokens = await gained(token, payees, async () => {
        expect(await gained(noAddress, payees, async () => await batch(...claims))).toEqual([34n, 4n])
      })
      expect(tokens).toEqual([17n, 8n])
    },
  },
  'given a payee does not take it': {
    'it keeps the money for that payee and pays the others': async () => {
      const unwilling = await market.smartAccount(payee)
      await market.tell(unwilling, 'take', [1, 0n])
      const [one, other] = [await locked({ payee: unwilling }), await locked()]
      const amounts = await moved(other, async () => {
        const { events } = await batch(await asks(one, 10n), await asks(other, 20n))
        expect(events).toEqual([
          ['Paid', idOf(one), 10n, 10n],
          ['Paid', idOf(other), 20n, 20n],
          ['Credited', noAddress, unwilling, 10n],
        ])
      })
      expect(amounts).toEqual([0n, 20n, -20n])
      expect(await market.credit(noAddress, unwilling)).toBe(10n)
    },
  },
})
