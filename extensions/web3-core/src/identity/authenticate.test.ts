import { beforeEach, describe, expect, it } from 'vitest'
import type { RunningWorld } from '../plugin/running-world.fixture.ts'
import {
  outsideWallet,
  post,
  type Headers_,
  type OutsideWallet,
  type Signed,
} from '../plugin/outside-wallet.fixture.ts'
import { rootOf, testWorld } from '../plugin/world.fixture.ts'

let world: RunningWorld
let wallet: OutsideWallet
const method = 'web3.resources.leases'
const params = { limit: 7 }

beforeEach(async () => {
  world = await testWorld()
  wallet = outsideWallet(world)
})

async function refused(headers: Headers_, of = method, with_: object = params) {
  const before = await rootOf(world)
  const { status, body, headers: answered } = await post(world.url, of, with_, headers)
  expect([status, body]).toMatchObject([401, { ok: false, error: 'E_AUTH_REQUIRED' }])
  expect(answered.get('www-authenticate')).toBe('Bearer')
  expect(await rootOf(world), 'nothing written').toBe(before)
  return body.ok ? {} : { ...body.details }
}

describe('a signed request', () => {
  it('acts for the wallet that signed it, once', async () => {
    const headers = await wallet.sign(method, params)
    expect(await post(world.url, method, params, headers)).toMatchObject({
      status: 200,
      body: { ok: true, leases: [] },
    })
    expect(await refused(headers)).toEqual({ header: 'x-web3-nonce', reason: 'replayed' })
  })

  it('sent twice at once is carried out once', async () => {
    const headers = await wallet.sign(method, params)
    const answers = await Promise.all([1, 2, 3, 4].map(() => post(world.url, method, params, headers)))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401, 401, 401])
  })

  it('that was carried out is not again when its proof takes until its nonce is forgotten', async () => {
    const clock = { ahead: 0 }
    let slow = false
    world = await testWorld({
      market: { now: () => Date.now() + clock.ahead },
      through: (market) => ({
        ...market,
        prover: {
          ...market.prover,
          // A contract wallet is asked about on its chain, which takes its time.
          async verify(request) {
            const proved = await market.prover.verify(request)
            if (slow) clock.ahead += 60_000
            if (slow) await market.sweep(100)
            return proved
          },
        },
      }),
    })
    const headers = await outsideWallet(world).sign(method, params)
    expect((await post(world.url, method, params, headers)).status).toBe(200)
    slow = true
    expect(await post(world.url, method, params, headers)).toMatchObject({
      status: 401,
      body: { error: 'E_AUTH_REQUIRED', details: { header: 'x-web3-expires', reason: 'expired' } },
    })
  })

  it('that is malformed or of no method is told so before its nonce is spent', async () => {
    const wrong = { limit: 0 }
    const headers = await wallet.sign(method, wrong)
    const before = await rootOf(world)
    expect((await post(world.url, method, wrong, headers)).status).toBe(400)
    expect((await post(world.url, 'web3.nothing.here', {}, headers)).status).toBe(404)
    expect(await rootOf(world)).toBe(before)
  })

  const soon = () => Date.now() + 60_000
  const other: readonly (readonly [string, () => Signed, string])[] = [
    ['has expired', () => ({ expiresAt: Date.now() - 1 }), 'expired'],
    ['expires too far ahead', () => ({ expiresAt: soon() + 300_000 }), 'too-far-ahead'],
    ['was signed for another method', () => ({ method: 'web3.billing.summary' }), 'wrong'],
    ['was signed for other parameters', () => ({ params: { limit: 8 } }), 'wrong'],
    [
      'was signed for another market',
      () => ({ market: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' }),
      'wrong',
    ],
    ['was signed for another chain', () => ({ chainId: 1 }), 'not-served'],
  ]
  it.each(other)('that %s is nobody’s', async (_what, otherwise, reason) => {
    expect(await refused(await wallet.sign(method, params, otherwise()))).toMatchObject({ reason })
  })

  it.each([
    ['x-web3-address', '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'],
    ['x-web3-nonce', 'another-nonce-1234567'],
    ['x-web3-expires', () => new Date(soon() + 1_000).toISOString()],
    ['x-web3-signature', `0x${'11'.repeat(65)}`],
  ])('whose %s was exchanged is nobody’s', async (header, value) => {
    const headers = await wallet.sign(method, params)
    expect(await refused({ ...headers, [header]: typeof value === 'string' ? value : value() })).toEqual({
      header: 'x-web3-signature',
      reason: 'wrong',
    })
  })

  it('lacking a part is nobody’s', async () => {
    for (const missing of [
      'x-web3-address',
      'x-web3-nonce',
      'x-web3-expires',
      'x-web3-signature',
      'x-web3-chain-id',
    ]) {
      const { [missing]: _, ...rest } = await wallet.sign(method, params)
      expect(await refused(rest)).toEqual({ header: missing, reason: 'missing' })
    }
  })

  it('does not prove a session that is named beside it', async () => {
    const headers = await wallet.sign(method, params)
    await refused({ ...headers, authorization: `Bearer ses_${'A'.repeat(43)}` })
    expect((await post(world.url, method, params, headers)).status).toBe(200)
  })
})

describe('a session', () => {
  it('of an unknown bearer, of another form, or of a lease token is nobody’s', async () => {
    for (const bearer of [`ses_${'A'.repeat(43)}`, `tok_${'A'.repeat(43)}`, 'x', '']) {
      await refused({ authorization: `Bearer ${bearer}` })
    }
    await refused({ authorization: 'Basic dXNlcjpwYXNz' })
  })

  it('is asked for where nobody is not enough, and not where nobody is', async () => {
    expect(await post(world.url, method, params)).toMatchObject({
      status: 401,
      body: { error: 'E_AUTH_REQUIRED' },
    })
    expect((await post(world.url, 'web3.resources.list', {})).status).toBe(200)
    // A claim that does not hold is refused even there.
    await refused({ authorization: 'Bearer x' }, 'web3.resources.list', {})
  })
})
