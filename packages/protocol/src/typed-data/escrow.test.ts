import { privateKeyToAccount } from 'viem/accounts'
import { hashTypedData, recoverTypedDataAddress } from 'viem/utils'
import type { TypedDataDefinition } from 'viem'
import { describe, expect, it } from 'vitest'
import { codec } from '../schema/codec.ts'
import { ActorId } from '../schema/scalars.ts'
import {
  escrowDomain,
  noAddress,
  orderIdOf,
  orderTypedData,
  orderWalletTypedData,
  voucherDigest,
  voucherTypedData,
  voucherWalletTypedData,
} from './escrow.ts'
import type { EscrowPlace, OrderTerms, VoucherValues } from './escrow.ts'

const signer = privateKeyToAccount(`0x${'a4'.repeat(32)}`)
const actor = (last: string): ActorId => codec(ActorId).decode(`0x${last.padStart(40, '0')}`)
const place: EscrowPlace = { chainId: 8453, escrow: actor('e') }
const terms: OrderTerms = {
  payer: codec(ActorId).decode(signer.address),
  payee: actor('2'),
  token: noAddress,
  amount: 2n ** 100n,
  voucherSigner: actor('3'),
  expiresAt: 1_800_000_000n,
  refundableAt: 1_800_003_600n,
  arbiter: actor('4'),
  decisionTime: 86_400,
  undecidedPayeeBps: 5_000,
  ref: `0x${'cd'.repeat(32)}`,
}

describe("an order's terms", () => {
  it('are signed and recovered, and their digest is the id', async () => {
    const typed = orderTypedData(place, terms) as TypedDataDefinition
    const signature = await signer.signTypedData(typed)
    expect(await recoverTypedDataAddress({ ...typed, signature })).toBe(signer.address)
    expect(orderIdOf(place, terms)).toBe(hashTypedData(typed))
  })

  it('keep their id from version to version', () => {
    expect(orderIdOf(place, terms)).toMatchInlineSnapshot(
      `"0x4cc478430744ef5968a3fa4afe7da9299f0b7929a2ca125260b155a1fed5fbcc"`,
    )
  })

  it('take nothing along that is not a term', () => {
    const more = { ...terms, status: 'Active' }
    expect(orderTypedData(place, more)).toEqual(orderTypedData(place, terms))
  })

  it('are JSON for a wallet, with the contract in the domain', () => {
    const json = orderWalletTypedData(place, terms)
    expect(JSON.parse(JSON.stringify(json))).toEqual(json)
    expect(json.types['EIP712Domain']?.at(-1)).toEqual({ name: 'verifyingContract', type: 'address' })
    expect(json.domain).toEqual(escrowDomain(place))
    expect(json.message).toMatchObject({ amount: (2n ** 100n).toString(), decisionTime: '86400' })
    expect(hashTypedData(json as TypedDataDefinition)).toBe(orderIdOf(place, terms))
  })

  it('refuse an amount below zero, and no chain', () => {
    expect(() => orderTypedData(place, { ...terms, amount: -1n })).toThrow(RangeError)
    expect(() => escrowDomain({ ...place, chainId: 0 })).toThrow(RangeError)
  })
})

describe('a voucher', () => {
  const voucher = { ...place, id: orderIdOf(place, terms), cumulative: 17n }

  it('is signed and recovered', async () => {
    const typed = voucherTypedData(voucher)
    const signature = await signer.signTypedData(typed)
    expect(await recoverTypedDataAddress({ ...typed, signature })).toBe(signer.address)
    expect(voucherDigest(voucher)).toBe(hashTypedData(typed))
  })

  it('keeps its digest from version to version', () => {
    expect(voucherDigest(voucher)).toMatchInlineSnapshot(
      `"0xf276af1c0cf2365d398fb22ff6ed63d7b063179e70a8332ae592a9eae33973a9"`,
    )
  })

  const others: Partial<VoucherValues>[] = [
    { id: `0x${'00'.repeat(32)}` },
    { cumulative: 18n },
    { chainId: 1 },
    { escrow: actor('f') },
  ]
  it.each(others.map((other) => [Object.keys(other)[0], other] as const))(
    'is another one with another %s',
    (_, other) => {
      expect(voucherDigest({ ...voucher, ...other })).not.toBe(voucherDigest(voucher))
    },
  )

  it('is JSON for a wallet', () => {
    expect(voucherWalletTypedData(voucher)).toMatchObject({
      primaryType: 'Voucher',
      message: { id: voucher.id, cumulative: '17' },
    })
  })
})
