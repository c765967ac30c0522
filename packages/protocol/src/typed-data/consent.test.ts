import { privateKeyToAccount } from 'viem/accounts'
import { hashTypedData, recoverTypedDataAddress } from 'viem/utils'
import type { TypedDataDefinition } from 'viem'
import { describe, expect, it } from 'vitest'
import { CreditLineId, QuoteId, ResourceId } from '../ids.ts'
import { codec } from '../schema/codec.ts'
import { ActorId } from '../schema/scalars.ts'
import { consentDigest, consentTypedData, consentWalletTypedData } from './consent.ts'
import type { ConsentValues } from './consent.ts'

const signer = privateKeyToAccount(`0x${'a2'.repeat(32)}`)
const actor = (last: string): ActorId => codec(ActorId).decode(`0x${last.padStart(40, '0')}`)
const id = '01J00000000000000000000000'
const values: ConsentValues = {
  chainId: 1,
  market: actor('1'),
  consumer: codec(ActorId).decode(signer.address),
  provider: actor('3'),
  quoteId: codec(QuoteId).decode(`quo_${id}`),
  resourceId: codec(ResourceId).decode(`res_${id}`),
  offerHash: 'cd'.repeat(32),
  purpose: 'chat for my owner',
  currency: 'USDC',
  maxCost: 123_456_789_012_345_678_901_234_567_890n,
  ttlMs: 3_600_000,
  expiresAt: 1_800_000_000_000,
}

describe('a consent', () => {
  it('is signed and recovered', async () => {
    const typed = consentTypedData(values) as TypedDataDefinition
    const signature = await signer.signTypedData(typed)
    expect(await recoverTypedDataAddress({ ...typed, signature })).toBe(signer.address)
    expect(consentDigest(values)).toBe(hashTypedData(typed))
  })

  it('keeps its digest from version to version', () => {
    expect(consentDigest(values)).toMatchInlineSnapshot(
      `"0x7da5199532dbbf2fbf6b575b926d4ded9b228e36b8b8a52bcb7bf9524bea84c4"`,
    )
  })

  const others: Partial<ConsentValues>[] = [
    { chainId: 2 },
    { market: actor('9') },
    { consumer: actor('9') },
    { provider: actor('9') },
    { quoteId: codec(QuoteId).decode(`quo_${id.replace(/0$/, '1')}`) },
    { resourceId: codec(ResourceId).decode(`res_${id.replace(/0$/, '1')}`) },
    { offerHash: 'ce'.repeat(32) },
    { purpose: 'chat for my  owner' },
    { currency: 'USDT' },
    { maxCost: values.maxCost + 1n },
    { ttlMs: 3_600_001 },
    { expiresAt: 1_800_000_000_001 },
  ]
  it.each(others.map((other) => [Object.keys(other)[0], other] as const))(
    'is another one with another %s',
    (_, other) => {
      expect(consentDigest({ ...values, ...other })).not.toBe(consentDigest(values))
    },
  )

  it('to pay afterwards is of a type of its own that names the credit line, so that neither stands for the other', async () => {
    const creditLineId = codec(CreditLineId).decode(`line_${id}`)
    const postpaid = consentTypedData({ ...values, creditLineId })
    expect(postpaid.primaryType).toBe('PostpaidConsent')
    expect(postpaid.message).toEqual({ ...consentTypedData(values).message, creditLineId })
    const another = codec(CreditLineId).decode(`line_${id.replace(/0$/, '1')}`)
    const digests = [values, { ...values, creditLineId }, { ...values, creditLineId: another }].map(
      consentDigest,
    )
    expect(new Set(digests).size).toBe(3)
    const onCredit = postpaid as TypedDataDefinition
    const signature = await signer.signTypedData(onCredit)
    const prepaid = consentTypedData(values) as TypedDataDefinition
    expect(await recoverTypedDataAddress({ ...prepaid, signature })).not.toBe(signer.address)
  })

  it('without a quote signs the empty string', () => {
    const { quoteId: _, ...rest } = values
    expect(consentTypedData(rest).message.quoteId).toBe('')
  })

  it('is JSON for a wallet, amounts in decimal', () => {
    const json = consentWalletTypedData(values)
    expect(JSON.parse(JSON.stringify(json))).toEqual(json)
    expect(json.message).toMatchObject({ maxCost: '123456789012345678901234567890', ttlMs: '3600000' })
  })

  it('refuses a purpose that wallets encode differently, and a negative amount', () => {
    expect(() => consentTypedData({ ...values, purpose: '\udc00' })).toThrow(
      expect.objectContaining({ code: 'E_INVALID_ARGUMENT' }),
    )
    expect(() => consentTypedData({ ...values, maxCost: -1n })).toThrow(RangeError)
  })
})
