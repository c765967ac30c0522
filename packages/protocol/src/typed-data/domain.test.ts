import { describe, expect, it } from 'vitest'
import { bytes32, marketDomain, typedDataDigest, uint256, walletTypedData, wellFormed } from './domain.ts'

const typed = {
  domain: marketDomain(8453),
  types: {
    Note: [
      { name: 'text', type: 'string' },
      { name: 'amount', type: 'uint256' },
    ],
  },
  primaryType: 'Note',
  message: { text: 'hello', amount: 2n ** 200n },
}

describe('the domain', () => {
  it('names this market, its version and the chain', () => {
    expect(marketDomain(1)).toEqual({ name: 'OpenClaw Web3 Market', version: '1', chainId: 1 })
  })

  it.each([0, -1, 1.5, Number.NaN, 2 ** 53])('refuses the chain id %s', (chainId) => {
    expect(() => marketDomain(chainId)).toThrow(RangeError)
  })

  it('separates chains', () => {
    expect(typedDataDigest(typed)).not.toBe(typedDataDigest({ ...typed, domain: marketDomain(1) }))
  })
})

describe('the form for wallets', () => {
  it('survives JSON and has the same digest', () => {
    const json: unknown = JSON.parse(JSON.stringify(walletTypedData(typed)))
    expect(json).toEqual({
      domain: { name: 'OpenClaw Web3 Market', version: '1', chainId: 8453 },
      types: {
        EIP712Domain: [
          { name: 'name', type: 'string' },
          { name: 'version', type: 'string' },
          { name: 'chainId', type: 'uint256' },
        ],
        ...typed.types,
      },
      primaryType: 'Note',
      message: { text: 'hello', amount: (2n ** 200n).toString() },
    })
    expect(typedDataDigest(walletTypedData(typed))).toBe(typedDataDigest(typed))
  })
})

describe('values', () => {
  it('fit uint256 or are refused', () => {
    expect(uint256(2n ** 256n - 1n)).toBe(2n ** 256n - 1n)
    expect(uint256(0)).toBe(0n)
    for (const wrong of [-1, -1n, 2n ** 256n, 1.5, Number.NaN])
      expect(() => uint256(wrong)).toThrow(RangeError)
  })

  it('are a whole SHA-256 or are refused', () => {
    expect(bytes32('ab'.repeat(32))).toBe(`0x${'ab'.repeat(32)}`)
    for (const wrong of ['', 'ab', `0x${'ab'.repeat(32)}`, 'AB'.repeat(32), 'ab'.repeat(33)]) {
      expect(() => bytes32(wrong)).toThrow(RangeError)
    }
  })

  it('are text with one UTF-8 form', () => {
    expect(wellFormed('Straße 🦞', 'purpose')).toBe('Straße 🦞')
    expect(() => wellFormed('a\ud800', 'purpose')).toThrow(
      expect.objectContaining({
        code: 'E_INVALID_ARGUMENT',
        details: { pointer: '/purpose', rule: 'format' },
      }),
    )
  })
})
