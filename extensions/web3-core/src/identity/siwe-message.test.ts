import { inspect } from 'node:util'
import { privateKeyToAccount } from 'viem/accounts'
import { createSiweMessage, parseSiweMessage as viemParse } from 'viem/siwe'
import { describe, expect, it } from 'vitest'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { verifySignature } from './market-keys.fixture.ts'
import { checkSiwe, makeSiweMessage, parseSiweMessage } from './siwe-message.ts'
import type { NewSiweMessage, SiweExpectation, SiweFields } from './siwe-message.ts'

const account = privateKeyToAccount(`0x${'c1'.repeat(32)}`)
const address = codec(ActorId).decode(account.address)
const now = Date.parse('2026-01-01T00:00:00.000Z')
const fields: NewSiweMessage = {
  domain: 'localhost:18789',
  address,
  statement: 'Sign in to OpenClaw Web3 Market. This moves no money.',
  uri: 'http://localhost:18789/web3/api',
  chainId: 1,
  nonce: 'abcdefgh12345678',
  issuedAt: now,
  expirationTime: now + 300_000,
}
const text = makeSiweMessage(fields)

describe('a SIWE message', () => {
  it('is the text of EIP-4361', () => {
    expect(text).toBe(
      [
        'localhost:18789 wants you to sign in with your Ethereum account:',
        account.address,
        '',
        'Sign in to OpenClaw Web3 Market. This moves no money.',
        '',
        'URI: http://localhost:18789/web3/api',
        'Version: 1',
        'Chain ID: 1',
        'Nonce: abcdefgh12345678',
        'Issued At: 2026-01-01T00:00:00.000Z',
        'Expiration Time: 2026-01-01T00:05:00.000Z',
      ].join('\n'),
    )
  })

  it('is read back as it was made, by us and by viem', () => {
    expect(parseSiweMessage(text)).toEqual(fields)
    const resources = ['https://example.org/terms', 'urn:openclaw:web3']
    const more = makeSiweMessage({ ...fields, resources })
    expect(parseSiweMessage(more)).toEqual({ ...fields, resources })
    expect(viemParse(more)).toMatchObject({ domain: fields.domain, nonce: fields.nonce, resources })
  })

  it('of another client is read too', () => {
    const { address: _, resources: __, ...rest } = fields
    const other = createSiweMessage({
      ...rest,
      address: account.address,
      version: '1',
      issuedAt: new Date(now),
      expirationTime: new Date(now + 1),
      notBefore: new Date(now),
      requestId: 'request-1',
      scheme: 'http',
    })
    expect(parseSiweMessage(other)).toEqual({
      ...fields,
      expirationTime: now + 1,
      notBefore: now,
      requestId: 'request-1',
      scheme: 'http',
    })
  })

  it('is signed by EIP-191 and verified', async () => {
    const signature = await account.signMessage({ message: text })
    const parameters = { address: parseSiweMessage(text).address, signature, chainId: 1, clients: new Map() }
    expect(await verifySignature({ ...parameters, message: text })).toBe(true)
    expect(await verifySignature({ ...parameters, message: `${text} ` })).toBe(false)
  })

  it.each<[string, string]>([
    ['a line more', `${text}\nNonce: other`],
    ['a line break at the end', `${text}\n`],
    ['another version', text.replace('Version: 1', 'Version: 2')],
    ['no version', text.replace('Version: 1\n', '')],
    ['a nonce of one character', text.replace('abcdefgh12345678', 'a')],
    ['a nonce with other characters', text.replace('abcdefgh12345678', 'abcdefgh-1234567')],
    ['an address in lower case (EIP-55)', text.replace(account.address, account.address.toLowerCase())],
    ['a chain id with a zero before it', text.replace('Chain ID: 1', 'Chain ID: 01')],
    ['a chain id beyond 2^53', text.replace('Chain ID: 1', 'Chain ID: 9007199254740993')],
    ['chain id 0', text.replace('Chain ID: 1', 'Chain ID: 0')],
    ['a day that does not exist', text.replace('2026-01-01T00:05', '2026-02-30T00:05')],
    ['a leap second', text.replace('00:05:00.000Z', '00:05:60.000Z')],
    ['carriage returns', text.replaceAll('\n', '\r\n')],
    ['fields in another order', text.replace('Version: 1\nChain ID: 1', 'Chain ID: 1\nVersion: 1')],
    ['no domain', text.replace('localhost:18789 ', ' ')],
    ['nothing', ''],
    ['very much', `${text}\nResources:\n${'- https://example.org/canary\n'.repeat(200)}`],
    ['something else', 'canary canary'],
  ])('with %s is refused', (_, wrong) => {
    let error: unknown
    try {
      parseSiweMessage(wrong)
    } catch (caught) {
      error = caught
    }
    expect(error).toMatchObject({
      code: 'E_INVALID_ARGUMENT',
      message: '/message: is not a Sign-In with Ethereum message',
      details: { pointer: '/message', rule: expect.any(String) as string },
    })
    expect(inspect(error)).not.toContain('canary')
  })

  it.each<[string, Partial<NewSiweMessage>]>([
    ['a statement of two lines', { statement: 'one\ntwo' }],
    ['a statement that is not ASCII', { statement: 'Straße' }],
    ['a domain with a space', { domain: 'evil.example wants' }],
    ['a URI that is none', { uri: 'no uri' }],
    ['a short nonce', { nonce: 'abc' }],
    ['a chain id that is no integer', { chainId: 1.5 }],
    ['a resource that is no URI', { resources: ['one two'] }],
    ['a time that is none', { issuedAt: Number.NaN }],
  ])('with %s is not made', (_, wrong) => {
    expect(() => makeSiweMessage({ ...fields, ...wrong })).toThrow(RangeError)
  })
})

describe('what is wrong with a message', () => {
  const parsed = parseSiweMessage(text)
  const expected: SiweExpectation = {
    domain: fields.domain,
    uri: fields.uri,
    address,
    chainIds: [1, 8453],
    nonce: fields.nonce,
    now,
  }

  it('is nothing when all is as expected', () => {
    expect(checkSiwe(parsed, expected)).toEqual([])
    expect(checkSiwe({ ...parsed, scheme: 'http', chainId: 8453, notBefore: now }, expected)).toEqual([])
    expect(checkSiwe(parsed, { ...expected, now: now + 299_999 })).toEqual([])
    expect(checkSiwe(parsed, { ...expected, now: now - 60_000 })).toEqual([])
  })

  const { expirationTime: _, ...eternal } = parsed
  it.each<[string, SiweFields, Partial<SiweExpectation>]>([
    ['wrong-domain', parsed, { domain: 'localhost' }],
    ['wrong-scheme', { ...parsed, scheme: 'https' }, {}],
    ['wrong-uri', parsed, { uri: 'http://localhost:18789/web3/api/' }],
    ['wrong-address', parsed, { address: codec(ActorId).decode(`0x${'00'.repeat(20)}`) }],
    ['wrong-chain', parsed, { chainIds: [8453] }],
    ['wrong-nonce', parsed, { nonce: 'abcdefgh12345679' }],
    ['issued-in-future', parsed, { now: now - 60_001 }],
    ['not-yet-valid', { ...parsed, notBefore: now + 1 }, {}],
    ['never-expires', eternal, {}],
    ['expired', parsed, { now: now + 300_000 }],
  ])('is %s', (problem, message, other) => {
    expect(checkSiwe(message, { ...expected, ...other })).toEqual([problem])
  })

  it('is all of it', () => {
    expect(checkSiwe(eternal, { domain: 'a', uri: 'https://a', chainIds: [], nonce: '', now })).toEqual([
      'wrong-domain',
      'wrong-uri',
      'wrong-chain',
      'wrong-nonce',
      'never-expires',
    ])
  })
})
