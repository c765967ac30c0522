import { privateKeyToAccount } from 'viem/accounts'
import { hashTypedData, recoverTypedDataAddress } from 'viem/utils'
import { describe, expect, it } from 'vitest'
import { codec } from '../schema/codec.ts'
import { ActorId } from '../schema/scalars.ts'
import {
  requestDigest,
  requestParamsHash,
  requestTypedData,
  requestWalletTypedData,
} from './signed-request.ts'
import type { RequestValues } from './signed-request.ts'

const signer = privateKeyToAccount(`0x${'a1'.repeat(32)}`)
const market = codec(ActorId).decode('0x00000000219ab540356cBB839Cbe05303d7705Fa')
const values: RequestValues = {
  chainId: 1,
  market,
  method: 'web3.resources.lease',
  paramsHash: requestParamsHash({ resourceId: 'res_1', maxCost: '10' }),
  nonce: 'nonce-nonce-nonce',
  expiresAt: 1_800_000_000_000,
}

describe('a signed request', () => {
  it('is hashed by its canonical params, whatever the order of their fields', () => {
    expect(requestParamsHash({ b: 1, a: 2 })).toBe(requestParamsHash({ a: 2, b: 1 }))
    expect(requestParamsHash({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a')
  })

  it.each([undefined, { a: '\ud800' }, { n: Number.NaN }, { n: 1n }])(
    'refuses params without a canonical form: %#',
    (params) => {
      expect(() => requestParamsHash(params)).toThrow(expect.objectContaining({ code: 'E_INVALID_ARGUMENT' }))
    },
  )

  it('is signed and recovered', async () => {
    const typed = requestTypedData(values)
    const signature = await signer.signTypedData(typed)
    expect(await recoverTypedDataAddress({ ...typed, signature })).toBe(signer.address)
    expect(requestDigest(values)).toBe(hashTypedData(typed))
  })

  it('keeps its digest from version to version', () => {
    expect(requestDigest(values)).toMatchInlineSnapshot(
      `"0x52e9a0b37bc4f4d00d1a41818acde4a2e9f5cc8a537c46b28e9623bcafc78d8e"`,
    )
  })

  const others: Partial<RequestValues>[] = [
    { chainId: 2 },
    { market: codec(ActorId).decode('0x0000000000000000000000000000000000000001') },
    { method: 'web3.resources.quote' },
    { paramsHash: requestParamsHash({}) },
    { nonce: 'another-nonce-00' },
    { expiresAt: values.expiresAt + 1 },
  ]
  it.each(others)('is another one with %j', (other) => {
    expect(requestDigest({ ...values, ...other })).not.toBe(requestDigest(values))
  })

  it('is JSON for a wallet', () => {
    expect(requestWalletTypedData(values).message).toEqual({
      market,
      method: 'web3.resources.lease',
      paramsHash: `0x${values.paramsHash}`,
      nonce: 'nonce-nonce-nonce',
      expiresAt: '1800000000000',
    })
  })
})
