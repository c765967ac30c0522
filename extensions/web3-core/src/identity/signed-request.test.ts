import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { verifySignature } from './market-keys.fixture.ts'
import {
  maxLifetimeMs,
  nonceKey,
  readSignedRequest,
  signedRequestHeaders,
  verifySignedRequest,
} from './signed-request.ts'
import type { RequestHeaders, SignedContent, SignedRequest, VerifyTypedData } from './signed-request.ts'
import { signRequest } from './sign-request.ts'

const account = privateKeyToAccount(`0x${'d1'.repeat(32)}`)
const address = codec(ActorId).decode(account.address)
const market = codec(ActorId).decode('0x00000000219ab540356cBB839Cbe05303d7705Fa')
const other = codec(ActorId).decode('0x0000000000000000000000000000000000000001')
const now = Date.parse('2026-01-01T00:00:00.000Z')
const params = { resourceId: 'res_1', maxCost: '10', nested: { b: 1, a: [true, null] } }
const method = 'web3.resources.lease'
const verify: VerifyTypedData = (parameters) => verifySignature({ ...parameters, clients: new Map() })
const content: SignedContent = { market, method, params, verify }
const headers = await signRequest({
  signer: { address, signTypedData: (typed) => account.signTypedData(typed) },
  market,
  method,
  params,
  chainId: 8453,
  now,
})

function read(changed: Partial<RequestHeaders> = {}, at = now): SignedRequest {
  const request = readSignedRequest({ host: 'localhost', ...headers, ...changed }, { now: at })
  if (request === undefined) throw new Error('is not a signed request')
  return request
}

describe('reading a signed request', () => {
  it('finds none without its headers', () => {
    expect(readSignedRequest({ host: 'localhost', authorization: 'Bearer x' }, { now })).toBeUndefined()
  })

  it('finds what was signed', () => {
    expect(read()).toEqual({
      address,
      nonce: headers['x-web3-nonce'],
      expiresAt: now + 60_000,
      signature: headers['x-web3-signature'],
      chainId: 8453,
    })
  })

  it('reads an address in lower case as the same actor', () => {
    expect(read({ 'x-web3-address': address.toLowerCase() }).address).toBe(address)
  })

  it.each(signedRequestHeaders)('wants %s, once', (name) => {
    const { [name]: value, ...rest } = headers
    const refused = (reason: string): unknown =>
      expect.objectContaining({
        code: 'E_AUTH_REQUIRED',
        details: { header: name, reason },
        hint: expect.any(String) as string,
      })
    expect(() => readSignedRequest(rest, { now })).toThrow(refused('missing'))
    expect(() => read({ [name]: [value, value] })).toThrow(refused('repeated'))
    expect(() => read({ [name]: `${value}, ${value}` })).toThrow(refused('format'))
    expect(() => read({ [name]: '' })).toThrow(refused('format'))
  })

  const at = (ms: number): string => new Date(ms).toISOString()
  it.each<[string, string, string]>([
    ['x-web3-address', '0x1234', 'format'],
    ['x-web3-address', address.slice(2), 'format'],
    ['x-web3-nonce', 'a'.repeat(15), 'format'],
    ['x-web3-nonce', 'a'.repeat(65), 'format'],
    ['x-web3-nonce', `${'a'.repeat(16)}/`, 'format'],
    ['x-web3-nonce', `${'a'.repeat(16)}\n`, 'format'],
    ['x-web3-expires', '2026-01-01', 'format'],
    ['x-web3-expires', '2026-01-01T00:01:00+00:00', 'format'],
    ['x-web3-expires', String(now + 1), 'format'],
    ['x-web3-expires', at(now), 'expired'],
    ['x-web3-expires', at(now - 1), 'expired'],
    ['x-web3-expires', at(now + maxLifetimeMs + 1), 'too-far-ahead'],
    ['x-web3-signature', '0x', 'format'],
    ['x-web3-signature', '0x123', 'format'],
    ['x-web3-signature', `0x${'11'.repeat(4_097)}`, 'format'],
    ['x-web3-chain-id', '0', 'format'],
    ['x-web3-chain-id', '01', 'format'],
    ['x-web3-chain-id', '0x1', 'format'],
    ['x-web3-chain-id', '9007199254740993', 'format'],
  ])('refuses %s: %s as %s', (name, value, reason) => {
    expect(() => read({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'E_AUTH_REQUIRED', details: { header: name, reason } }) as Error,
    )
  })

  it('takes nonces of 16 and of 64 characters, and an expiry of just five minutes', () => {
    expect(read({ 'x-web3-nonce': 'a_-9'.repeat(4) }).nonce).toHaveLength(16)
    expect(read({ 'x-web3-nonce': 'a_-9'.repeat(16) }).nonce).toHaveLength(64)
    expect(read({ 'x-web3-expires': at(now + maxLifetimeMs) }).expiresAt).toBe(now + maxLifetimeMs)
  })

  it('takes only the chains that are served, when they are named', () => {
    expect(readSignedRequest(headers, { now, chainIds: [1, 8453] })?.chainId).toBe(8453)
    expect(() => readSignedRequest(headers, { now, chainIds: [1] })).toThrow(
      expect.objectContaining({ details: { header: 'x-web3-chain-id', reason: 'not-served' } }) as Error,
    )
  })
})

describe('verifying a signed request', () => {
  it('accepts what was signed, whatever the order of the fields', async () => {
    const { nested, ...rest } = params
    const reordered = { nested: { a: nested.a, b: nested.b }, ...rest }
    await expect(verifySignedRequest(read(), content)).resolves.toBeUndefined()
    await expect(verifySignedRequest(read(), { ...content, params: reordered })).resolves.toBeUndefined()
  })

  it('accepts a contract wallet when the verifier does, on the chain it names', async () => {
    const asked: unknown[] = []
    await verifySignedRequest(read(), {
      ...content,
      verify: (parameters) => {
        asked.push(parameters.chainId, parameters.typedData.domain.chainId)
        return Promise.resolve(true)
      },
    })
    expect(asked).toEqual([8453, 8453])
  })

  it.each<[string, Partial<SignedContent>, Partial<SignedRequest>]>([
    ['another market', { market: other }, {}],
    ['another method', { method: 'web3.resources.quote' }, {}],
    ['other params', { params: { ...params, maxCost: '11' } }, {}],
    ['a param more', { params: { ...params, x: null } }, {}],
    ['another nonce', {}, { nonce: 'another-nonce-16' }],
    ['another expiry', {}, { expiresAt: now + 60_001 }],
    ['another chain', {}, { chainId: 1 }],
    ['another actor', {}, { address: other }],
    ['another signature', {}, { signature: `0x${'11'.repeat(65)}` }],
  ])('refuses it with %s', async (_, differently, changed) => {
    await expect(
      verifySignedRequest({ ...read(), ...changed }, { ...content, ...differently }),
    ).rejects.toMatchObject({
      code: 'E_AUTH_REQUIRED',
      details: { header: 'x-web3-signature', reason: 'wrong' },
    })
  })

  it('refuses params without a canonical form', async () => {
    await expect(verifySignedRequest(read(), { ...content, params: { a: '\ud800' } })).rejects.toMatchObject({
      code: 'E_INVALID_ARGUMENT',
    })
  })

  it('shows no signature in its errors', async () => {
    const signature = `0x${'ca'.repeat(65)}`
    const error: unknown = await verifySignedRequest({ ...read(), signature }, content).catch(
      (caught: unknown) => caught,
    )
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('caca')
  })
})

describe('the key of a nonce', () => {
  it('is the same for every spelling of the address, and no other’s', () => {
    expect(nonceKey(read())).toBe(`${address}/${headers['x-web3-nonce']}`)
    expect(nonceKey(read({ 'x-web3-address': address.toLowerCase() }))).toBe(nonceKey(read()))
    expect(nonceKey({ address: other, nonce: read().nonce })).not.toBe(nonceKey(read()))
  })
})
