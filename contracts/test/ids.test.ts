import {
  noAddress,
  orderIdOf,
  orderTypedData,
  voucherDigest,
  voucherTypedData,
  type OrderTerms,
} from '@openclaw-market/protocol/typed-data/escrow'
import type { Hex, TypedDataDefinition } from 'viem'
import { hashTypedData } from 'viem/utils'
import { expect } from 'vitest'
import { branches } from './branches.fixture.ts'
import { newChain } from './chain.fixture.ts'
import { address, marketOn, newMarket } from './market.fixture.ts'
import { refused } from './said.fixture.ts'

const market = await newMarket()
const elsewhere = await marketOn(market.chain)
const { chain, place, escrow, order, locked, does, state, read, dataOf, idOf } = market
const { payer, payee, stranger } = chain.accounts
const [uint16, uint32, uint64, uint128] = [16n, 32n, 64n, 128n].map((bits) => 2n ** bits - 1n) as [
  bigint,
  bigint,
  bigint,
  bigint,
]

const widest = async (): Promise<OrderTerms> => {
  const everything = address('0xFFfFfFffFFfffFFfFFfFFFFFffFFFffffFfFFFfF')
  return await order({
    payer: everything,
    payee: everything,
    token: everything,
    voucherSigner: everything,
    arbiter: everything,
    amount: uint128,
    expiresAt: uint64,
    refundableAt: uint64,
    decisionTime: Number(uint32),
    undecidedPayeeBps: Number(uint16),
    ref: `0x${'ff'.repeat(32)}`,
  })
}

branches('idOf', {
  'it is the EIP-712 hash of the terms': async () => {
    for (const terms of [await order(), await order({ voucherSigner: noAddress }), await widest()]) {
      expect(await read('idOf', [terms])).toBe(
        hashTypedData(orderTypedData(place, terms) as TypedDataDefinition),
      )
      expect(await read('idOf', [terms])).toBe(orderIdOf(place, terms))
    }
  },
  'it is another with each other term': async () => {
    const terms = await order()
    const others: { readonly [Field in keyof OrderTerms]: OrderTerms[Field] } = {
      payer: address(stranger.address),
      payee: address(stranger.address),
      token: market.token,
      amount: terms.amount + 1n,
      voucherSigner: address(stranger.address),
      expiresAt: terms.expiresAt + 1n,
      refundableAt: terms.refundableAt + 1n,
      arbiter: address(stranger.address),
      decisionTime: terms.decisionTime + 1,
      undecidedPayeeBps: terms.undecidedPayeeBps + 1,
      ref: `0x${'77'.repeat(32)}`,
    }
    const ids = new Set([await read('idOf', [terms])])
    for (const [field, value] of Object.entries(others)) {
      const other = { ...terms, [field]: value }
      expect(await read('idOf', [other])).toBe(orderIdOf(place, other))
      ids.add(await read('idOf', [other]))
    }
    expect(ids.size).toBe(1 + Object.keys(terms).length)
  },
  'it is another at another escrow': async () => {
    const terms = await order()
    expect(await elsewhere.read('idOf', [terms])).toBe(orderIdOf(elsewhere.place, terms))
    expect(await elsewhere.read('idOf', [terms])).not.toBe(await read('idOf', [terms]))
  },
  'it is another on another chain': async () => {
    const other = await newChain(1)
    const there = await marketOn(other)
    const terms = await order()
    expect(there.escrow).toBe(escrow)
    expect(await there.read('idOf', [terms])).toBe(orderIdOf({ ...place, chainId: 1 }, terms))
    expect(await there.read('idOf', [terms])).not.toBe(await read('idOf', [terms]))
    await other.close()
  },
  'when a term is wider than its type': {
    'it is of nothing that can be locked': async () => {
      const terms = await order({ token: market.token })
      await market.give(payer, terms.token, terms.amount)
      const data = dataOf('lock', [terms])
      for (const word of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
        const at = 10 + word * 64
        const wide: Hex = `0x${data.slice(2, at)}01${data.slice(at + 2)}`
        await refused(chain.send(payer, { to: escrow, data: wide }))
      }
      await chain.send(payer, { to: escrow, data })
      expect((await state(terms)).status).toBe('Active')
    },
  },
})

branches('voucherDigest', {
  'it is the EIP-712 hash of the voucher': async () => {
    for (const cumulative of [0n, 1n, uint128]) {
      const voucher = { ...place, id: idOf(await order()), cumulative }
      const digest = await read('voucherDigest', [voucher.id, cumulative])
      expect(digest).toBe(hashTypedData(voucherTypedData(voucher) as TypedDataDefinition))
      expect(digest).toBe(voucherDigest(voucher))
    }
  },
  'it is another with another order or sum': async () => {
    const [one, other] = [idOf(await order()), idOf(await order())]
    const asked = [
      [one, 1n],
      [one, 2n],
      [other, 1n],
    ] as const
    const digests = await Promise.all(asked.map(async (args) => await read('voucherDigest', args)))
    expect(new Set(digests).size).toBe(3)
  },
  'it is another at another escrow': async () => {
    const id = idOf(await order())
    const digest = await elsewhere.read('voucherDigest', [id, 1n])
    expect(digest).toBe(voucherDigest({ ...elsewhere.place, id, cumulative: 1n }))
    expect(digest).not.toBe(await read('voucherDigest', [id, 1n]))
  },
})

branches('eip712Domain', {
  'it names the escrow, its version, the chain and the contract': async () => {
    const [fields, name, version, chainId, contract, salt, extensions] = await read('eip712Domain', [])
    expect([fields, name, version]).toEqual(['0x0f', 'OpenClaw Market Escrow', '1'])
    expect([chainId, contract]).toEqual([BigInt(chain.chainId), escrow])
    expect([salt, extensions]).toEqual([`0x${'00'.repeat(32)}`, []])
  },
})

branches('orders', {
  'given the order is not locked': {
    'it answers with nothing': async () => {
      expect(await state(await order())).toEqual({ status: 'None', disputedAt: 0n, paid: 0n })
    },
  },
  'given the order is open': {
    'it answers with what was paid': async () => {
      const terms = await locked({ amount: uint128 })
      await does(payer, 'release', [terms, uint128 - 1n])
      expect(await state(terms)).toEqual({ status: 'Active', disputedAt: 0n, paid: uint128 - 1n })
    },
  },
  'given the order is disputed': {
    'it answers with since when': async () => {
      const terms = await locked()
      const at = terms.refundableAt - 1n
      await does(payer, 'dispute', [terms], { at })
      expect(await state(terms)).toEqual({ status: 'Disputed', disputedAt: at, paid: 0n })
    },
  },
  'given the order is closed': {
    'it answers with what was paid': async () => {
      const terms = await locked()
      await does(payer, 'release', [terms, 40n])
      await does(payee, 'refund', [terms])
      expect(await state(terms)).toEqual({ status: 'Closed', disputedAt: 0n, paid: 40n })
    },
  },
})
