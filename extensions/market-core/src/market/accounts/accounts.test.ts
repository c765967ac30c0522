import { describe, expect, it } from 'vitest'
import { Events } from '@openclaw-market/protocol/entities/records'
import type { Principal } from '@openclaw-market/protocol/principal'
import { stateRoot } from '../../store/state-root.ts'
import { checkInvariants } from '../invariants.fixture.ts'
import { completeLease } from '../leases/complete.ts'
import { revokeLease } from '../leases/revoke.ts'
import {
  backends,
  does,
  fund,
  fundedWallet,
  later,
  newWallet,
  openCall,
  openWorld,
  publish,
  refuses,
  serve,
  takeLease,
  windowMs,
  type World,
} from '../market.fixture.ts'
import { accountBalance } from './balance.ts'
import { deposit } from './deposit.ts'
import { settlePayout } from './settle-payout.ts'
import { accountStatement } from './statement.ts'
import { listTransfers } from './transfers.ts'
import { withdraw } from './withdraw.ts'

async function statement(world: World, who: Principal, currency = 'USDC', params: object = {}) {
  const { currencies } = await does(world, accountStatement, params, who)
  const found = currencies.find((each) => each.currency === currency)
  if (found === undefined) throw new Error(`no ${currency}`)
  return found
}

describe.each(backends)('accounts on %s', (backend) => {
  it('take a deposit only from an operator, and mark it as one', async () => {
    const world = await openWorld(backend)
    const wallet = newWallet()
    const grant = {
      to: wallet.actorId,
      currency: 'USDC',
      amount: '500',
      reason: 'welcome 😀'.padEnd(200, '!'),
      idempotencyKey: 'grant-001',
    }
    for (const who of [wallet.who, world.node])
      expect(await refuses(world, deposit, grant, who)).toMatchObject({ error: 'E_FORBIDDEN' })
    expect(await refuses(world, deposit, { ...grant, amount: '0' }, world.operator)).toMatchObject({
      details: { pointer: '/amount', rule: 'minimum' },
    })
    expect(await refuses(world, deposit, { ...grant, currency: 'DOGE' }, world.operator)).toMatchObject({
      details: { pointer: '/currency', rule: 'currency' },
    })
    const given = await does(world, deposit, grant, world.operator)
    // The same request, written otherwise.
    expect(
      await does(world, deposit, { ...grant, to: wallet.actorId.toLowerCase() }, world.operator),
    ).toEqual(given)
    expect(await refuses(world, deposit, { ...grant, amount: '501' }, world.operator)).toMatchObject({
      error: 'E_CONFLICT',
    })
    expect(await does(world, accountBalance, { currency: 'USDC' }, wallet.who)).toMatchObject({
      available: 500n,
      decimals: 6,
    })
    expect(await statement(world, wallet.who)).toMatchObject({ deposited: 500n, operatorGranted: 500n })
    const { transfers } = await does(world, listTransfers, { reference: given.depositId }, wallet.who)
    expect(transfers).toMatchObject([
      {
        reason: 'deposit',
        amount: 500n,
        memo: expect.stringMatching(/^operator grant: welcome/),
        toActorId: wallet.actorId,
      },
    ])
    expect((await does(world, listTransfers, {}, newWallet().who)).transfers).toEqual([])
    await fund(world, wallet.actorId, 7n, 'EURC')
    expect((await does(world, listTransfers, { currency: 'EURC' }, wallet.who)).transfers).toMatchObject([
      { amount: 7n },
    ])
    expect((await does(world, listTransfers, {}, wallet.who)).transfers).toHaveLength(2)
    await fund(world, wallet.actorId, 10n ** 39n - 1n - 500n)
    expect(
      await refuses(world, deposit, { ...grant, idempotencyKey: 'grant-002' }, world.operator),
    ).toMatchObject({ error: 'E_INVALID_ARGUMENT', details: { rule: 'maximum' } })
    await checkInvariants(world.market.store)
    expect(world.defects).toEqual([])
  })

  it('pay out what is available, through a payout that is paid or returned once', async () => {
    const world = await openWorld(backend)
    const wallet = await fundedWallet(world, 100n)
    const out = (amount: string, idempotencyKey?: string) => ({
      currency: 'USDC',
      amount,
      ...(idempotencyKey && { idempotencyKey }),
    })
    const root = await stateRoot(world.market.store)
    expect(await refuses(world, withdraw, out('101'), wallet.who)).toMatchObject({
      error: 'E_INSUFFICIENT_FUNDS',
      details: { missing: '1' },
    })
    expect(await refuses(world, withdraw, out('0'), wallet.who)).toMatchObject({
      error: 'E_INVALID_ARGUMENT',
    })
    expect(await stateRoot(world.market.store)).toBe(root)
    const [paid, again] = [
      await does(world, withdraw, out('60', 'withdraw-1'), wallet.who),
      await does(world, withdraw, out('60', 'withdraw-1'), wallet.who),
    ]
    expect(again).toEqual(paid)
    const returned = await does(world, withdraw, out('40'), wallet.who)
    expect(await statement(world, wallet.who)).toMatchObject({
      available: 0n,
      pendingPayouts: 100n,
      withdrawn: 0n,
    })
    expect(
      await refuses(world, settlePayout, { payoutId: paid.payoutId, outcome: 'paid' }, wallet.who),
    ).toMatchObject({ error: 'E_FORBIDDEN' })
    await does(world, settlePayout, { payoutId: paid.payoutId, outcome: 'paid' }, world.operator)
    await does(world, settlePayout, { payoutId: returned.payoutId, outcome: 'returned' }, world.operator)
    for (const outcome of ['paid', 'returned']) {
      expect(
        await refuses(world, settlePayout, { payoutId: paid.payoutId, outcome }, world.operator),
      ).toMatchObject({ error: 'E_CONFLICT' })
    }
    expect(
      await refuses(
        world,
        settlePayout,
        { payoutId: world.market.ids.next('pay'), outcome: 'paid' },
        world.operator,
      ),
    ).toMatchObject({ error: 'E_NOT_FOUND' })
    expect(await statement(world, wallet.who)).toMatchObject({
      available: 40n,
      pendingPayouts: 0n,
      withdrawn: 60n,
    })
    await checkInvariants(world.market.store)
    expect(world.defects).toEqual([])
  })

  it('never spend one unit twice, however many ask at once', async () => {
    const world = await openWorld(backend)
    const wallet = await fundedWallet(world, 100n)
    const asked = await Promise.all(
      Array.from({ length: 15 }, () =>
        world.market.run(withdraw, { currency: 'USDC', amount: '30' }, wallet.who),
      ),
    )
    expect(asked.filter((each) => each.ok)).toHaveLength(3)
    await checkInvariants(world.market.store)
  })

  it('say earned, spent, held and owed as the transfers say', async () => {
    const world = await openWorld(backend)
    const consumer = await fundedWallet(world, 5_000n)
    const resourceId = await publish(world)
    const [done, running, windowed] = [
      await takeLease(world, consumer, { resourceId, maxCost: 1_000n }),
      await takeLease(world, consumer, { resourceId, maxCost: 1_000n }),
      await takeLease(world, consumer, { resourceId, maxCost: 1_000n }),
    ]
    for (const { leaseId } of [done, running, windowed]) await serve(world, leaseId, { output_token: 30n })
    await openCall(world, running.leaseId, { output_token: 30n })
    await does(world, completeLease, { leaseId: done.leaseId }, consumer.who)
    await does(world, revokeLease, { leaseId: windowed.leaseId }, consumer.who)
    const mine = await statement(world, consumer.who)
    expect(mine).toMatchObject({
      spent: 110n,
      earned: 0n,
      net: '-110',
      held: 1_110n,
      owed: 0n,
      available: 3_780n,
      deposited: 5_000n,
    })
    const theirs = await statement(world, world.node)
    expect(theirs).toMatchObject({
      earned: 110n,
      spent: 0n,
      net: '110',
      held: 0n,
      owed: 220n,
      available: 110n,
    })
    expect(mine.available + mine.held + mine.spent).toBe(mine.deposited)
    for (const [{ who, actorId }, said] of [
      [consumer, mine],
      [{ who: world.node, actorId: world.market.address }, theirs],
    ] as const) {
      const { transfers } = await does(world, listTransfers, {}, who)
      const sum = (reason: string, side: 'toActorId' | 'fromActorId') =>
        transfers
          .filter((t) => t.reason === reason && t[side] === actorId)
          .reduce((total, t) => total + t.amount, 0n)
      expect([said.earned, said.spent, said.deposited]).toEqual([
        sum('release', 'toActorId'),
        sum('release', 'fromActorId'),
        sum('deposit', 'toActorId'),
      ])
      const balance = await does(world, accountBalance, { currency: 'USDC' }, who)
      expect([balance.available, balance.held, balance.owed]).toEqual([said.available, said.held, said.owed])
    }
    const since = new Date(world.clock.now + 1).toISOString()
    await later(world, windowMs)
    expect(await statement(world, world.node, 'USDC', { since })).toMatchObject({
      earned: 110n,
      owed: 110n,
      available: 220n,
    })
    expect(await statement(world, world.node, 'USDC', { until: since })).toMatchObject({ earned: 110n })
    expect(await statement(world, world.node)).toMatchObject({ earned: 220n })
    expect(await statement(world, world.node, 'EURC')).toMatchObject({
      earned: 0n,
      available: 0n,
      decimals: 2,
    })
    await checkInvariants(world.market.store)
    expect(world.defects).toEqual([])
  })

  it('of someone else are read by an operator only, and acting for them leaves the reason', async () => {
    const world = await openWorld(backend)
    const wallet = await fundedWallet(world, 100n)
    const onBehalfOf = { actorId: wallet.actorId, reason: 'phoned in' }
    const operator: Principal = { kind: 'operator', actorId: world.market.address, onBehalfOf }
    expect(await does(world, accountBalance, { currency: 'USDC' }, operator)).toMatchObject({
      actorId: wallet.actorId,
      available: 100n,
    })
    const { payoutId } = await does(world, withdraw, { currency: 'USDC', amount: '100' }, operator)
    const events = await world.market.store.read({ as: 'market' }, (tx) =>
      tx.list(Events, { filter: ({ subjects }) => subjects.includes(payoutId), limit: 10 }),
    )
    expect(events.items).toMatchObject([
      {
        type: 'market.account.withdraw',
        actorId: world.market.address,
        forActorId: onBehalfOf.actorId,
        reason: onBehalfOf.reason,
      },
    ])
    expect(await refuses(world, accountBalance, { currency: 'USDC' }, { kind: 'anyone' })).toMatchObject({
      error: 'E_AUTH_REQUIRED',
    })
    await checkInvariants(world.market.store)
  })
})
