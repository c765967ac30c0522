import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { openNodeWallet, verifySignature } from './market-keys.fixture.ts'
import { readSignedRequest, signedRequestHeaders, verifySignedRequest } from './signed-request.ts'
import { signRequest } from './sign-request.ts'
import type { RequestSigner } from './sign-request.ts'

const market = codec(ActorId).decode('0x00000000219ab540356cBB839Cbe05303d7705Fa')
const now = Date.parse('2026-01-01T00:00:00.000Z')
const method = 'web3.resources.lease'

describe('signing a request as the node wallet', () => {
  let directory: string
  let signer: RequestSigner
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'market-sign-'))
    signer = await openNodeWallet({
      keyDirectory: join(directory, 'keys'),
      passphraseFile: join(directory, 'passphrase'),
    })
  })
  afterAll(() => rm(directory, { recursive: true }))

  it('makes headers that the other market accepts', async () => {
    const params = { resourceId: 'res_1', label: 'Straße 🦞' }
    const headers = await signRequest({ signer, market, method, params, chainId: 8453, now })
    expect(Object.keys(headers).toSorted()).toEqual([...signedRequestHeaders].toSorted())
    const arrived = Object.fromEntries(new Headers(headers)) // as HTTP carries them
    const request = readSignedRequest(arrived, { now: now + 1_000, chainIds: [8453] })
    if (request === undefined) throw new Error('is not a signed request')
    expect(request.address).toBe(signer.address)
    await verifySignedRequest(request, {
      market,
      method,
      params: JSON.parse(JSON.stringify(params)) as unknown,
      verify: (parameters) => verifySignature({ ...parameters, clients: new Map() }),
    })
  })

  it('has a fresh nonce each time, and never lives longer than a market takes', async () => {
    const common = { signer, market, method, params: {}, chainId: 1, now }
    const [first, second] = [
      await signRequest(common),
      await signRequest({ ...common, lifetimeMs: 86_400_000 }),
    ]
    expect(first['x-web3-nonce']).not.toBe(second['x-web3-nonce'])
    expect(first['x-web3-expires']).toBe('2026-01-01T00:01:00.000Z')
    expect(second['x-web3-expires']).toBe('2026-01-01T00:05:00.000Z')
    expect(readSignedRequest(second, { now })).toBeDefined()
  })
})
