import { describe, expect, it } from 'vitest'
import { isOwnersWallet } from '@openclaw-market/market-core'
import { Events } from '@openclaw-market/protocol/entities/records'
import { WalletBindings } from '@openclaw-market/protocol/entities/wallet'
import { letWalletGo } from '../../../market-core/src/market/wallet/let-go.ts'
import { parseSiweMessage } from '../identity/siwe-message.ts'
import { outsideWallet, post, type OutsideWallet } from '../plugin/outside-wallet.fixture.ts'
import type { RunningWorld } from '../plugin/running-world.fixture.ts'
import { bad, good, rootOf, testWorld } from '../plugin/world.fixture.ts'
import { callAsNode } from '../surface/gateway-methods.ts'

const stores = ['sqlite', 'file'] as const

/** A world whose market's clock the test moves. */
async function withClock(store: (typeof stores)[number] = 'sqlite') {
  const clock = { now: Date.now() }
  const world = await testWorld({ store, market: { now: () => clock.now } })
  return { world, clock, mine: outsideWallet(world), other: outsideWallet(world) }
}

async function messageFor({ call }: RunningWorld, { actorId }: OutsideWallet): Promise<string> {
  const { bound, wallet, message } = good(await call('web3.wallet.bind', { address: actorId }))
  expect([bound, wallet]).toEqual([false, actorId])
  return String(message)
}

async function bind(world: RunningWorld, wallet: OutsideWallet): Promise<void> {
  const signature = await wallet.account.signMessage({ message: await messageFor(world, wallet) })
  expect(good(await world.call('web3.wallet.bind', { signature }))).toMatchObject({
    bound: true,
    wallet: wallet.actorId,
  })
}

async function refusal(world: RunningWorld, params: object) {
  const before = await rootOf(world)
  const { error, message, hint } = bad(await world.call('web3.wallet.bind', params))
  expect(await rootOf(world), 'a refusal writes nothing').toBe(before)
  expect(hint).toBeDefined()
  return { error, message }
}

/** Whether the market takes its word for the owner's. */
function speaks({ market }: RunningWorld, { actorId }: OutsideWallet): Promise<boolean> {
  return market.store.read({ as: 'market' }, (tx) => isOwnersWallet(tx, market.rules(), actorId))
}

async function owner({ call }: RunningWorld) {
  return good(await call('web3.wallet.status'))['owner']
}

async function letGo({ market }: RunningWorld) {
  return market.run(letWalletGo, {}, { kind: 'operator', actorId: market.address })
}

describe.each(stores)('binding on the %s store', (store) => {
  it('takes the signature of the wallet that was asked, once, and moves no money', async () => {
    const { world, mine, other } = await withClock(store)
    await world.fund(world.market.address, 5_000n)
    const before = good(await world.call('web3.billing.summary'))['currencies']
    const message = await messageFor(world, mine)
    const { domain, address, chainId, statement, resources } = parseSiweMessage(message)
    expect([domain, address, chainId]).toEqual([new URL(world.url).host, mine.actorId, 31_337])
    expect(statement).toContain('speak for the owner')
    expect(statement).toContain('moves no money')
    expect(resources).toEqual([`eip155:31337:${world.market.address}`])
    expect(await speaks(world, mine)).toBe(false)

    const signature = await mine.account.signMessage({ message })
    const theirs = await other.account.signMessage({ message })
    expect(await refusal(world, { signature: theirs })).toMatchObject({ error: 'E_AUTH_REQUIRED' })
    expect(good(await world.call('web3.wallet.bind', { signature }))).toMatchObject({ bound: true })
    expect(await speaks(world, mine)).toBe(true)
    expect(await refusal(world, { signature })).toMatchObject({ error: 'E_NOT_FOUND' })
    expect(good(await world.call('web3.billing.summary'))).toMatchObject({
      currencies: before,
      ownersWallet: mine.actorId,
    })
  })

  it('survives a restart', async () => {
    const { world, mine } = await withClock(store)
    await bind(world, mine)
    await world.stopMarket()
    await world.startMarket()
    expect(await speaks(world, mine)).toBe(true)
    expect(await owner(world)).toMatchObject({ actorId: mine.actorId, status: 'bound' })
  })
})

describe('what binds nothing', () => {
  it('a message with another domain, however well signed', async () => {
    const { world, mine } = await withClock()
    const message = await messageFor(world, mine)
    const elsewhere = message.replace(new URL(world.url).host, 'example.org')
    expect(elsewhere).not.toBe(message)
    const signature = await mine.account.signMessage({ message: elsewhere })
    expect(await refusal(world, { signature })).toMatchObject({ error: 'E_AUTH_REQUIRED' })
  })

  it('an answer that is late, by a millisecond; the moment before it is taken', async () => {
    const { world, clock, mine } = await withClock()
    const message = await messageFor(world, mine)
    const ends = parseSiweMessage(message).expirationTime ?? 0
    const signature = await mine.account.signMessage({ message })
    clock.now = ends
    expect(await refusal(world, { signature })).toMatchObject({ error: 'E_EXPIRED' })
    clock.now = ends - 1
    expect(good(await world.call('web3.wallet.bind', { signature }))).toMatchObject({ bound: true })
  })

  it('the answer to a message that another has taken the place of', async () => {
    const { world, mine } = await withClock()
    const first = await mine.account.signMessage({ message: await messageFor(world, mine) })
    await messageFor(world, mine)
    expect(await refusal(world, { signature: first })).toMatchObject({ error: 'E_AUTH_REQUIRED' })
  })

  it('two answers at once: one binding', async () => {
    const { world, mine } = await withClock()
    const signature = await mine.account.signMessage({ message: await messageFor(world, mine) })
    const answers = await Promise.all([1, 2].map(() => world.call('web3.wallet.bind', { signature })))
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1)
  })

  it('a sign-in: neither challenge answers the other', async () => {
    const { world, mine } = await withClock()
    const binding = await messageFor(world, mine)
    const bindingSigned = await mine.account.signMessage({ message: binding })
    const { status } = await post(world.url, 'web3.siwe.verify', {
      message: binding,
      signature: bindingSigned,
    })
    expect(status).toBe(401)
    const signIn = String(
      good((await post(world.url, 'web3.siwe.challenge', { address: mine.actorId })).body)['message'],
    )
    const signature = await mine.account.signMessage({ message: signIn })
    expect(await refusal(world, { signature })).toMatchObject({ error: 'E_AUTH_REQUIRED' })
  })

  it("the gateway's own wallet, both things at once, or nothing", async () => {
    const { world, mine } = await withClock()
    const signature = `0x${'11'.repeat(65)}`
    for (const params of [{ address: world.market.address }, { address: mine.actorId, signature }, {}])
      expect(await refusal(world, params)).toMatchObject({ error: 'E_INVALID_ARGUMENT' })
  })

  it('a butler, somebody else, or an outside wallet', async () => {
    const { mine } = await withClock()
    const params = { address: mine.actorId }
    for (const from of [
      { door: 'tool', owner: true },
      { door: 'gateway', owner: false },
    ] as const)
      expect(bad(await callAsNode('web3.wallet.bind', params, from)).error).toBe('E_FORBIDDEN')
    expect(bad((await mine.api('web3.wallet.bind', params)).body).error).toBe('E_FORBIDDEN')
  })
})

describe('changing wallets', () => {
  it('a wallet whose say is taken away may come back, and no other may come', async () => {
    const { world, mine, other } = await withClock()
    await bind(world, mine)
    expect(await refusal(world, { address: mine.actorId })).toMatchObject({ error: 'E_CONFLICT' })
    expect(good(await world.call('web3.wallet.unbind'))['unbound']).toBe(true)
    expect(await speaks(world, mine)).toBe(false)
    expect(await owner(world)).toMatchObject({ actorId: mine.actorId, status: 'suspended' })
    expect(good(await world.call('web3.wallet.unbind'))['unbound']).toBe(false)
    expect(await refusal(world, { address: other.actorId })).toMatchObject({ error: 'E_CONFLICT' })
    await bind(world, mine)
    expect(await speaks(world, mine)).toBe(true)
    expect(await owner(world)).toMatchObject({ status: 'bound' })
  })

  it('not even by an answer to a message that was given before', async () => {
    const { world, mine, other } = await withClock()
    await bind(world, mine)
    expect((await letGo(world)).ok).toBe(true)
    const message = await messageFor(world, other)
    // While it waits, the binding of the first comes back.
    await world.market.store.write(async (tx) => {
      await tx.insert(WalletBindings, {
        rev: 0,
        nodeActorId: world.market.address,
        ownerActorId: mine.actorId,
        chainId: 31_337,
        boundAt: 1,
      })
    })
    const signature = await other.account.signMessage({ message })
    expect(await refusal(world, { signature })).toMatchObject({ error: 'E_CONFLICT' })
  })

  it('the wallet itself lets go, signed in; then another may come', async () => {
    const { world, mine, other } = await withClock()
    await bind(world, mine)
    expect(good((await other.api('web3.wallet.unbind')).body)['unbound']).toBe(false)
    expect(await speaks(world, mine)).toBe(true)
    expect(good((await mine.api('web3.wallet.unbind')).body)['unbound']).toBe(true)
    expect(await owner(world)).toBeUndefined()
    await bind(world, other)
    expect(await speaks(world, other)).toBe(true)
  })

  it('of a lost one an operator lets go', async () => {
    const { world, mine, other } = await withClock()
    expect(bad(await letGo(world)).error).toBe('E_NOT_FOUND')
    await bind(world, mine)
    expect(await letGo(world)).toMatchObject({ ok: true, letGo: mine.actorId })
    await bind(world, other)
  })
})

describe.each(stores)('withdrawing on the %s store', (store) => {
  it("the owner's wallet withdraws what is the gateway's, while it has a say; and nobody else does", async () => {
    const { world, mine, other } = await withClock(store)
    await world.fund(world.market.address, 5_000n)
    await world.fund(mine.actorId, 70n)
    const wish = { currency: 'USDC', amount: '2000', ofGateway: true }
    const by = async (wallet: OutsideWallet) => (await wallet.api('web3.billing.withdraw', wish)).body
    const available = async (): Promise<unknown> =>
      good(await world.call('web3.billing.summary'))['currencies']
    const before = await available()
    expect(bad(await by(mine)).error).toBe('E_FORBIDDEN')
    await bind(world, mine)
    expect(bad(await by(other)).error).toBe('E_FORBIDDEN')
    expect(await available()).toEqual(before)

    expect(good(await by(mine))).toMatchObject({ status: 'payout_pending', amount: '2000' })
    expect(await available()).toMatchObject([{ available: '3000', pendingPayouts: '2000' }])
    // Its own money is another matter.
    const own = await mine.api('web3.billing.withdraw', { currency: 'USDC', amount: '70' })
    expect(good(own.body)).toMatchObject({ amount: '70' })
    expect(await available()).toMatchObject([{ available: '3000', pendingPayouts: '2000' }])

    good(await world.call('web3.wallet.unbind'))
    expect(bad(await by(mine)).error).toBe('E_FORBIDDEN')
    expect(await available()).toMatchObject([{ available: '3000', pendingPayouts: '2000' }])
  })

  it('a butler withdraws nothing, whoever tells it to', async () => {
    const { world } = await withClock(store)
    await world.fund(world.market.address, 5_000n)
    const wish = { currency: 'USDC', amount: '2000' }
    const told = await callAsNode('web3.billing.withdraw', wish, { door: 'tool', owner: true })
    expect(bad(told).error).toBe('E_FORBIDDEN')
    expect(good(await world.call('web3.billing.withdraw', wish))).toMatchObject({ amount: '2000' })
  })
})

describe.each(stores)('the budget on the %s store', (store) => {
  it("is looked after by the owner's wallet too, while it has a say, and by no other", async () => {
    const { world, mine, other } = await withClock(store)
    const allow = { per: 'day', currency: 'USDC', limit: '2000' }
    const sets = async (wallet: OutsideWallet, change: object) =>
      (await wallet.api('web3.billing.policy.set', change)).body
    const sees = async (wallet: OutsideWallet) => (await wallet.api('web3.billing.policy.get')).body
    const here = async () => good(await world.call('web3.billing.policy.get'))['allowances']
    const refused = { error: 'E_FORBIDDEN', hint: expect.stringContaining('/bind_wallet') }
    const isNobodys = async (wallet: OutsideWallet) => {
      const before = await here()
      expect(bad(await sets(wallet, { allow: { ...allow, limit: '9' } }))).toMatchObject(refused)
      expect(bad(await sees(wallet))).toMatchObject(refused)
      expect(await here()).toEqual(before)
    }
    await isNobodys(mine)
    await bind(world, mine)
    await isNobodys(other)
    const { allowanceId, number } = good(await sets(mine, { allow }))
    expect(await here()).toMatchObject([{ allowanceId, number, limitNow: '2000' }])
    expect(good(await sees(mine))['allowances']).toEqual(await here())
    const raised = { topUp: { allowanceId, amount: '500', forMs: 60_000 } }
    expect(good(await sets(mine, raised))).toMatchObject({ allowanceId })
    expect(await here()).toMatchObject([{ limitNow: '2500' }])

    // The log says whose word it was.
    const { market } = world
    const event = await market.store.read({ as: 'market' }, (tx) =>
      tx.list(Events, { where: { type: 'market.policy.set' }, limit: 10 }),
    )
    expect(event.items.map(({ actorId }) => actorId)).toEqual([mine.actorId, mine.actorId])
    good(await world.call('web3.wallet.unbind'))
    await isNobodys(mine)
    good(await world.call('web3.billing.policy.set', { remove: allowanceId }))
    expect(await here()).toEqual([])
  })

  it('is not raised by a butler, whichever wallet is bound', async () => {
    const { world, mine } = await withClock(store)
    await bind(world, mine)
    const raise = { allow: { per: 'day', currency: 'USDC', limit: '9' } }
    const told = await callAsNode('web3.billing.policy.set', raise, { door: 'tool', owner: true })
    expect(bad(told).error).toBe('E_FORBIDDEN')
  })
})

it("each wallet learns what it is here, and only the two of them which is the owner's", async () => {
  const { world, mine, other } = await withClock()
  await bind(world, mine)
  const seenBy = async (wallet: OutsideWallet) => good((await wallet.api('web3.wallet.status')).body)
  expect(await seenBy(mine)).toMatchObject({
    nodeWallet: world.market.address,
    caller: { actorId: mine.actorId, role: 'owner' },
    owner: { actorId: mine.actorId, status: 'bound' },
  })
  const theirs = await seenBy(other)
  expect(theirs).toMatchObject({ caller: { role: 'outside' } })
  expect(theirs).not.toHaveProperty('owner')
  expect(JSON.stringify((await other.api('web3.status.summary')).body)).not.toContain(mine.actorId)
})
