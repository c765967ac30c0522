import { describe, expect, it } from 'vitest'
import { privateKeyToAccount, generatePrivateKey } from 'viem/accounts'
import { Challenges, Sessions } from '@openclaw-market/protocol/entities/records'
import { outsideWallet, post } from '../plugin/outside-wallet.fixture.ts'
import { testWorld, good, rootOf } from '../plugin/world.fixture.ts'
import type { RunningWorld } from '../plugin/running-world.fixture.ts'
import { makeSiweMessage, parseSiweMessage } from './siwe-message.ts'

const stores = ['sqlite', 'file'] as const

/** A world whose market's clock the test moves. */
async function withClock(store: (typeof stores)[number] = 'sqlite') {
  const clock = { now: Date.now() }
  const world = await testWorld({ store, market: { now: () => clock.now } })
  return { world, clock, wallet: outsideWallet(world) }
}

async function challengeFor({ url }: RunningWorld, address: string): Promise<string> {
  return String(good((await post(url, 'web3.siwe.challenge', { address })).body)['message'])
}

async function refusal(world: RunningWorld, message: string, signature: string) {
  const before = await rootOf(world)
  const { status, body } = await post(world.url, 'web3.siwe.verify', { message, signature })
  expect(await rootOf(world), 'a refused sign-in writes nothing').toBe(before)
  expect(body).toMatchObject({ ok: false, error: 'E_AUTH_REQUIRED' })
  expect(status).toBe(401)
  return body.ok ? '' : body.message
}

describe.each(stores)('signing in on the %s store', (store) => {
  it('a challenge names this market and its chain, is answered once, and brings a session that ends at logout', async () => {
    const { world, wallet } = await withClock(store)
    const { url } = world
    const message = await challengeFor(world, wallet.actorId)
    expect(parseSiweMessage(message)).toMatchObject({
      domain: new URL(url).host,
      uri: url,
      address: wallet.actorId,
      chainId: 31_337,
    })
    const signature = await wallet.account.signMessage({ message })
    const { status, body } = await post(url, 'web3.siwe.verify', { message, signature })
    expect([status, body]).toMatchObject([200, { ok: true, address: wallet.actorId }])
    const session = String(good(body)['session'])
    expect(session).toMatch(/^ses_[A-Za-z0-9_-]{43}$/)
    const bearer = { authorization: `Bearer ${session}` }
    expect((await post(url, 'web3.resources.leases', {}, bearer)).body).toMatchObject({
      ok: true,
      leases: [],
    })
    expect(JSON.stringify(await everything(world)), 'while the session is kept').not.toContain(session)

    expect(await refusal(world, message, signature)).toContain('answered')
    expect((await post(url, 'web3.siwe.logout', {}, bearer)).body).toEqual({ ok: true, ended: true })
    const after = await post(url, 'web3.resources.leases', {}, bearer)
    expect([after.status, after.body]).toMatchObject([401, { error: 'E_AUTH_REQUIRED' }])
    expect(JSON.stringify([world.log, await everything(world)])).not.toContain(session)
  })
})

async function everything({ market }: RunningWorld) {
  return market.store.read({ as: 'market' }, async (tx) => [
    await tx.list(Sessions, { limit: 100 }),
    await tx.list(Challenges, { limit: 100 }),
  ])
}

describe('a message that proves nobody', () => {
  it('expired, by a millisecond; and the moment before it is taken', async () => {
    const { world, clock, wallet } = await withClock()
    const [late, early] = [
      await challengeFor(world, wallet.actorId),
      await challengeFor(world, wallet.actorId),
    ]
    const sign = (message: string) => wallet.account.signMessage({ message })
    const ends = parseSiweMessage(late).expirationTime ?? 0
    clock.now = ends - 1
    const { body } = await post(world.url, 'web3.siwe.verify', {
      message: early,
      signature: await sign(early),
    })
    expect(body).toMatchObject({ ok: true })
    clock.now = ends
    expect(await refusal(world, late, await sign(late))).toContain('expired')
  })

  it('a session that is over, by a millisecond', async () => {
    const { world, clock, wallet } = await withClock()
    const session = await wallet.signIn()
    const ask = () => post(world.url, 'web3.resources.leases', {}, { authorization: `Bearer ${session}` })
    clock.now += 3_600_000 - 1
    expect((await ask()).status).toBe(200)
    clock.now += 1
    expect(await ask()).toMatchObject({ status: 401, body: { error: 'E_AUTH_REQUIRED' } })
  })

  it.each([
    ['of another domain', { domain: 'evil.example' }, 'wrong-domain'],
    ['of another address of ours', { uri: 'https://evil.example' }, 'wrong-uri'],
    ['of another chain', { chainId: 1 }, 'wrong-chain'],
    ['with a nonce that was not given here', { nonce: 'a'.repeat(48) }, 'not given here'],
    ['that outlives its challenge in words', { expirationTime: Date.now() + 86_400_000 }, 'expired'],
  ])('%s proves nobody', async (_what, change, word) => {
    const { world, clock, wallet } = await withClock()
    const fields = parseSiweMessage(await challengeFor(world, wallet.actorId))
    const { statement = '', expirationTime = 0 } = fields
    const message = makeSiweMessage({ ...fields, statement, expirationTime, ...change })
    const signature = await wallet.account.signMessage({ message })
    if (word === 'expired') clock.now = expirationTime
    expect(await refusal(world, message, signature)).toContain(word)
  })

  it('for whom it was not given, though signed well', async () => {
    const { world, wallet } = await withClock()
    const thief = privateKeyToAccount(generatePrivateKey())
    const fields = parseSiweMessage(await challengeFor(world, wallet.actorId))
    const { statement = '', expirationTime = 0 } = fields
    const address = thief.address as typeof fields.address
    const message = makeSiweMessage({ ...fields, statement, expirationTime, address })
    expect(await refusal(world, message, await thief.signMessage({ message }))).toContain('wrong-address')
  })

  it('signed by another, or changed after signing; and the rightful answer still holds', async () => {
    const { world, wallet } = await withClock()
    const message = await challengeFor(world, wallet.actorId)
    const thief = privateKeyToAccount(generatePrivateKey())
    expect(await refusal(world, message, await thief.signMessage({ message }))).toContain('signature')
    const signature = await wallet.account.signMessage({ message })
    expect(await refusal(world, message.replace('moves no money', 'moves all money'), signature)).toContain(
      'signature',
    )
    expect(await refusal(world, 'sign me in', signature)).not.toContain('sign me in')
    expect((await post(world.url, 'web3.siwe.verify', { message, signature })).status).toBe(200)
  })

  it('two answers to one challenge at once: one session', async () => {
    const { world, wallet } = await withClock()
    const message = await challengeFor(world, wallet.actorId)
    const signature = await wallet.account.signMessage({ message })
    const answers = await Promise.all(
      [1, 2, 3].map(() => post(world.url, 'web3.siwe.verify', { message, signature })),
    )
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401, 401])
  })

  it('a challenge for a chain that is not served is refused by name', async () => {
    const { world, wallet } = await withClock()
    const { status, body } = await post(world.url, 'web3.siwe.challenge', {
      address: wallet.actorId,
      chainId: 1,
    })
    expect([status, body]).toMatchObject([
      400,
      { details: { pointer: '/chainId', rule: 'enum', served: [31_337] } },
    ])
  })
})
