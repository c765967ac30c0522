import { describe, expect, it } from 'vitest'
import type { CreditLineId, ResourceId } from '@openclaw-market/protocol/ids'
import { accountBalance } from '../accounts/balance.ts'
import { accountStatement } from '../accounts/statement.ts'
import { withdraw } from '../accounts/withdraw.ts'
import { checkInvariants } from '../invariants.fixture.ts'
import { completeLease } from '../leases/complete.ts'
import { issueLease } from '../leases/issue.ts'
import { revokeLease } from '../leases/revoke.ts'
import {
  backends,
  does,
  fund,
  later,
  leaseNow,
  newWallet,
  openCall,
  openWorld,
  publish,
  refuses,
  reopened,
  serve,
  settlementNow,
  signedWish,
  takeLease,
  windowMs,
  type Wallet,
  type World,
} from '../market.fixture.ts'
import { quoteResource } from '../resources/quote.ts'
import { closeCredit } from './close.ts'
import { listCredit } from './list.ts'
import { openCredit } from './open.ts'
import { settleCredit } from './settle.ts'

const graceMs = 60_000
const day = 86_400_000

interface Lending {
  readonly world: World
  readonly consumer: Wallet
  readonly resourceId: ResourceId
  readonly creditLineId: CreditLineId
}

async function lending(backend: (typeof backends)[number], terms: object = {}): Promise<Lending> {
  const world = await openWorld(backend)
  const consumer = newWallet()
  const resourceId = await publish(world)
  const wish = { to: consumer.actorId, currency: 'USDC', ceiling: '1000', maxRequestsPerMinute: 600, graceMs }
  const { creditLineId } = await does(world, openCredit, { ...wish, ...terms }, world.node)
  return { world, consumer, resourceId, creditLineId }
}

const postpaid = { mode: 'postpaid', ttlMs: day } as const

function lease({ world, consumer, resourceId }: Lending, maxCost: bigint) {
  return takeLease(world, consumer, { resourceId, maxCost, ...postpaid })
}

async function refusedLease({ world, consumer, resourceId }: Lending, maxCost: bigint, mode?: 'prepaid') {
  const plan = { resourceId, ttlMs: day, maxCost: maxCost.toString(), mode: mode ?? 'postpaid' }
  const quote = await world.market.run(quoteResource, plan, consumer.who)
  if (!quote.ok) return quote
  const wish = await signedWish(world, consumer, { resourceId, maxCost, ...postpaid, ...(mode && { mode }) })
  return refuses(world, issueLease, wish, consumer.who)
}

async function purse(world: World, { who }: Pick<Wallet, 'who'>) {
  const { available, held, owed, owing, credit } = await does(
    world,
    accountBalance,
    { currency: 'USDC' },
    who,
  )
  return { available, held, owed, owing, drawn: credit.drawn, left: credit.left }
}

describe.each(backends)('a post-paid lease on %s', (backend) => {
  it('locks nothing of its consumer, and is paid at once when it is completed and the money reaches', async () => {
    const on = await lending(backend)
    const { world, consumer } = on
    const taken = await lease(on, 400n)
    expect(await leaseNow(world, taken)).toMatchObject({ creditLineId: on.creditLineId, maxCost: 400n })
    expect(await purse(world, consumer)).toMatchObject({ available: 0n, held: 0n, drawn: 400n, left: 600n })
    await serve(world, taken.leaseId, { request: 10n })
    expect(await purse(world, consumer)).toMatchObject({ held: 0n, owing: 20n, drawn: 400n })
    expect(await purse(world, { who: world.node })).toMatchObject({ available: 0n, owed: 20n })
    await fund(world, consumer.actorId, 50n)
    await does(world, completeLease, { leaseId: taken.leaseId }, consumer.who)
    expect(await settlementNow(world, taken)).toMatchObject({
      status: 'settlement_released',
      releasedSoFar: 20n,
      refundedSoFar: 380n,
    })
    expect(await purse(world, consumer)).toMatchObject({ available: 30n, owing: 0n, drawn: 0n, left: 1_000n })
    expect(await purse(world, { who: world.node })).toMatchObject({ available: 20n, owed: 0n })
    await checkInvariants(world.market.store)
  })

  it('unused returns to the line as if it had never been', async () => {
    const on = await lending(backend)
    const taken = await lease(on, 1_000n)
    await does(on.world, revokeLease, { leaseId: taken.leaseId }, on.world.node)
    expect(await settlementNow(on.world, taken)).toMatchObject({ status: 'settlement_refunded' })
    expect(await purse(on.world, on.consumer)).toMatchObject({ available: 0n, drawn: 0n, left: 1_000n })
    await checkInvariants(on.world.market.store)
  })

  it('that cannot be paid is owed, pays nobody, and is collected by the sweep when the money is there', async () => {
    const on = await lending(backend)
    const { world, consumer } = on
    const taken = await lease(on, 400n)
    await serve(world, taken.leaseId, { request: 10n })
    await does(world, completeLease, { leaseId: taken.leaseId }, consumer.who)
    expect(await settlementNow(world, taken)).toMatchObject({
      status: 'settlement_owed',
      payBy: world.clock.now + graceMs,
      releasedSoFar: 0n,
    })
    expect(await purse(world, consumer)).toMatchObject({ owing: 20n, drawn: 20n, left: 980n })
    expect(await purse(world, { who: world.node })).toMatchObject({ available: 0n, owed: 20n })
    await fund(world, consumer.actorId, 19n)
    await later(world, 1)
    expect(await settlementNow(world, taken)).toMatchObject({ status: 'settlement_owed', releasedSoFar: 0n })
    await fund(world, consumer.actorId, 1n)
    await later(world, 1)
    expect(await settlementNow(world, taken)).toMatchObject({ status: 'settlement_released' })
    expect(await purse(world, consumer)).toMatchObject({ available: 0n, owing: 0n, drawn: 0n })
    await checkInvariants(world.market.store)
  })

  it('not paid in time is a default: it blocks every lease from that provider, and nobody else’s, until it is paid', async () => {
    const on = await lending(backend)
    const { world, consumer, creditLineId } = on
    const taken = await lease(on, 400n)
    await serve(world, taken.leaseId, { request: 10n })
    await does(world, completeLease, { leaseId: taken.leaseId }, consumer.who)
    await later(world, graceMs - 1)
    expect(await settlementNow(world, taken)).toMatchObject({ status: 'settlement_owed' })
    await later(world, 1)
    expect(await settlementNow(world, taken)).toMatchObject({
      status: 'settlement_defaulted',
      defaultedAt: world.clock.now,
    })
    const blocked = { error: 'E_FORBIDDEN', details: { owed: '20', creditLineId } }
    expect(await refusedLease(on, 10n)).toMatchObject(blocked)
    expect(await refusedLease(on, 10n, 'prepaid')).toMatchObject(blocked)
    const { lines } = await does(world, listCredit, {}, consumer.who)
    expect(lines).toMatchObject([{ creditLineId, drawn: 20n, left: 980n, blocked: true }])
    await checkInvariants(world.market.store)
    const again = await reopened(world)
    expect(await refuses(again, settleCredit, { creditLineId }, consumer.who)).toMatchObject({
      error: 'E_INSUFFICIENT_FUNDS',
      details: { owing: '20', available: '0' },
    })
    await fund(again, consumer.actorId, 25n)
    const paid = await does(again, settleCredit, { creditLineId }, consumer.who)
    expect(paid).toMatchObject({ paid: 20n, owing: 0n, drawn: 0n, left: 1_000n })
    expect(await settlementNow(again, taken)).toMatchObject({ status: 'settlement_released' })
    await lease({ ...on, world: again }, 10n)
    await checkInvariants(again.market.store)
  })

  it('ended otherwise waits for its window first, and its grace begins then', async () => {
    const on = await lending(backend)
    const { world, consumer } = on
    const taken = await lease(on, 400n)
    await serve(world, taken.leaseId, { request: 10n })
    await does(world, revokeLease, { leaseId: taken.leaseId }, consumer.who)
    await fund(world, consumer.actorId, 5n)
    expect(await does(world, settleCredit, { creditLineId: on.creditLineId }, consumer.who)).toMatchObject({
      paid: 0n,
    })
    await later(world, windowMs - 1)
    expect(await settlementNow(world, taken)).toMatchObject({
      status: 'settlement_locked',
      refundedSoFar: 380n,
    })
    await later(world, 1)
    expect(await settlementNow(world, taken)).toMatchObject({
      status: 'settlement_owed',
      payBy: world.clock.now + graceMs,
    })
    await checkInvariants(world.market.store)
  })

  it('is settled up to now while it runs, and never twice', async () => {
    const on = await lending(backend)
    const { world, consumer, creditLineId } = on
    const taken = await lease(on, 400n)
    const { leaseId } = taken
    await serve(world, leaseId, { request: 10n })
    await fund(world, consumer.actorId, 100n)
    const settle = () => does(world, settleCredit, { creditLineId, leaseId }, consumer.who)
    expect(await settle()).toMatchObject({ paid: 20n, drawn: 380n, left: 620n })
    expect(await settle()).toMatchObject({ paid: 0n, drawn: 380n })
    expect(await purse(world, { who: world.node })).toMatchObject({ available: 20n, owed: 0n })
    await serve(world, leaseId, { request: 15n })
    await checkInvariants(world.market.store)
    await does(world, completeLease, { leaseId }, consumer.who)
    expect(await settlementNow(world, taken)).toMatchObject({
      status: 'settlement_released',
      releasedSoFar: 50n,
      refundedSoFar: 350n,
    })
    expect(await purse(world, consumer)).toMatchObject({ available: 50n, drawn: 0n })
    await checkInvariants(world.market.store)
  })

  it('whose whole lock is used up and paid runs on with nothing left, and ends settled', async () => {
    const on = await lending(backend)
    const { world, consumer, creditLineId } = on
    const taken = await lease(on, 20n)
    await serve(world, taken.leaseId, { request: 10n })
    await fund(world, consumer.actorId, 100n)
    await does(world, settleCredit, { creditLineId }, consumer.who)
    expect(await settlementNow(world, taken)).toMatchObject({
      status: 'settlement_locked',
      releasedSoFar: 20n,
    })
    await checkInvariants(world.market.store)
    await does(world, revokeLease, { leaseId: taken.leaseId }, consumer.who)
    expect(await settlementNow(world, taken)).toMatchObject({ status: 'settlement_released' })
    await checkInvariants(world.market.store)
  })

  it('keeps the reserve of an unknown call drawn until it is resolved, and owes what it came to', async () => {
    const on = await lending(backend)
    const { world, consumer } = on
    const taken = await lease(on, 400n)
    const call = await openCall(world, taken.leaseId, { request: 10n })
    await call.finish({ usage: { request: 4n }, outcome: 'unknown' })
    await does(world, completeLease, { leaseId: taken.leaseId }, consumer.who)
    expect(await settlementNow(world, taken)).toMatchObject({
      status: 'settlement_locked',
      refundedSoFar: 380n,
    })
    expect(await purse(world, consumer)).toMatchObject({ owing: 8n, drawn: 20n })
    await checkInvariants(world.market.store)
    await later(world, windowMs)
    expect(await settlementNow(world, taken)).toMatchObject({
      status: 'settlement_owed',
      refundedSoFar: 392n,
    })
    expect(await purse(world, consumer)).toMatchObject({ owing: 8n, drawn: 8n })
    await checkInvariants(world.market.store)
  })

  it('at the cap is refused, unless what is due on the line can be paid and makes room', async () => {
    const on = await lending(backend)
    const { world, consumer } = on
    const first = await lease(on, 700n)
    await serve(world, first.leaseId, { request: 200n })
    expect(await refusedLease(on, 600n)).toMatchObject({
      error: 'E_INSUFFICIENT_FUNDS',
      details: { creditLeft: '300', missing: '300' },
    })
    await fund(world, consumer.actorId, 450n)
    expect(await refusedLease(on, 701n)).toMatchObject({ error: 'E_INSUFFICIENT_FUNDS' })
    expect(await purse(world, consumer)).toMatchObject({ available: 450n, drawn: 700n })
    const second = await lease(on, 700n)
    expect(await purse(world, consumer)).toMatchObject({ available: 50n, drawn: 1_000n, left: 0n, owing: 0n })
    expect(await purse(world, { who: world.node })).toMatchObject({ available: 400n })
    await does(world, completeLease, { leaseId: second.leaseId }, consumer.who)
    expect(await purse(world, consumer)).toMatchObject({ drawn: 300n, left: 700n })
    await checkInvariants(world.market.store)
  })
})

describe('a credit line', () => {
  it('is for its consumer alone: nobody else draws, pays or sees it', async () => {
    const on = await lending('sqlite')
    const { world, consumer, creditLineId } = on
    const other = newWallet()
    expect(await refusedLease({ ...on, consumer: other }, 10n)).toMatchObject({
      error: 'E_FORBIDDEN',
      details: { possible: ['prepaid'] },
    })
    expect((await does(world, listCredit, {}, other.who)).lines).toEqual([])
    const unknown = { error: 'E_NOT_FOUND' }
    expect(await refuses(world, settleCredit, { creditLineId }, other.who)).toMatchObject(unknown)
    for (const { who } of [other, consumer])
      expect(await refuses(world, closeCredit, { creditLineId }, who)).toMatchObject(unknown)
    expect(await refuses(world, settleCredit, { creditLineId }, world.node)).toMatchObject({
      error: 'E_NOT_FOUND',
    })
    for (const who of [consumer.who, world.node])
      expect((await does(world, listCredit, {}, who)).lines).toMatchObject([{ creditLineId, drawn: 0n }])
  })

  it('is opened by providers only, and not for oneself; opened again it is the same one with other terms', async () => {
    const { world, consumer, creditLineId } = await lending('sqlite')
    const wish = { to: consumer.actorId, currency: 'USDC', ceiling: '5', maxRequestsPerMinute: 1 }
    expect(await does(world, openCredit, wish, world.node)).toMatchObject({ creditLineId, ceiling: 5n })
    const other = { ...wish, graceMs: graceMs + 1 }
    expect(await refuses(world, openCredit, other, world.node)).toMatchObject({
      error: 'E_CONFLICT',
      details: { pointer: '/graceMs', graceMs },
    })
    const { lines } = await does(world, listCredit, {}, consumer.who)
    expect(lines).toMatchObject([{ creditLineId, ceiling: 5n, maxRequestsPerMinute: 1, graceMs }])
    expect(await refuses(world, openCredit, { ...wish, to: world.market.address }, world.node)).toMatchObject(
      {
        error: 'E_FORBIDDEN',
      },
    )
    expect(await refuses(world, openCredit, wish, newWallet().who)).toMatchObject({ error: 'E_FORBIDDEN' })
    expect(await refuses(world, openCredit, { ...wish, currency: 'XYZ' }, world.node)).toMatchObject({
      error: 'E_INVALID_ARGUMENT',
    })
    const euros = await does(world, openCredit, { ...wish, currency: 'EURC' }, world.node)
    expect(euros.creditLineId).not.toBe(creditLineId)
    await checkInvariants(world.market.store)
  })

  it('is lowered to what is drawn and no further; closed, it is drawn no more and still to be paid', async () => {
    const on = await lending('sqlite')
    const { world, consumer, creditLineId } = on
    const taken = await lease(on, 400n)
    const terms = { to: consumer.actorId, currency: 'USDC', maxRequestsPerMinute: 600 }
    expect(await refuses(world, openCredit, { ...terms, ceiling: '399' }, world.node)).toMatchObject({
      error: 'E_CONFLICT',
      details: { drawn: '400' },
    })
    await does(world, openCredit, { ...terms, ceiling: '400' }, world.node)
    expect(await refusedLease(on, 1n)).toMatchObject({ error: 'E_INSUFFICIENT_FUNDS' })
    await does(world, closeCredit, { creditLineId }, world.node)
    expect(await refuses(world, closeCredit, { creditLineId }, world.node)).toMatchObject({
      error: 'E_CONFLICT',
    })
    expect(await refusedLease(on, 1n)).toMatchObject({ error: 'E_FORBIDDEN' })
    await serve(world, taken.leaseId, { request: 3n })
    await fund(world, consumer.actorId, 6n)
    expect(await does(world, settleCredit, { creditLineId }, consumer.who)).toMatchObject({
      paid: 6n,
      left: 0n,
    })
    await checkInvariants(world.market.store)
  })

  it('bounds the calls of all its leases together, and follows a change at once', async () => {
    const on = await lending('sqlite', { maxRequestsPerMinute: 3 })
    const { world } = on
    const [one, two] = [await lease(on, 100n), await lease(on, 100n)]
    for (const { leaseId } of [one, two, one]) await serve(world, leaseId, { request: 1n })
    const limited = { code: 'E_RATE_LIMITED', message: 'the credit line allows 3 requests a minute' }
    for (const { leaseId } of [one, two])
      await expect(openCall(world, leaseId, { request: 1n })).rejects.toMatchObject(limited)
    world.clock.now += 20_000
    await serve(world, two.leaseId, { request: 1n })
    await expect(openCall(world, one.leaseId, { request: 1n })).rejects.toMatchObject(limited)
    const terms = { to: on.consumer.actorId, currency: 'USDC', ceiling: '1000', maxRequestsPerMinute: 4 }
    await does(world, openCredit, terms, world.node)
    await serve(world, one.leaseId, { request: 1n })
  })

  it('is what a consent names: a prepaid consent never becomes a post-paid lease, nor the other way round', async () => {
    const { world, consumer, resourceId, creditLineId } = await lending('sqlite')
    await fund(world, consumer.actorId, 1_000n)
    const terms = { resourceId, maxCost: 100n, ttlMs: day }
    const prepaid = await signedWish(world, consumer, terms)
    const onCredit = await signedWish(world, consumer, { ...terms, ...postpaid })
    for (const wish of [
      { ...prepaid, mode: 'postpaid' },
      { ...onCredit, mode: 'prepaid' },
    ])
      expect(await refuses(world, issueLease, wish, consumer.who)).toMatchObject({
        error: 'E_CONFLICT',
        details: { pointer: '/mode' },
      })
    const swapped = { ...onCredit, consentSignature: prepaid.consentSignature }
    expect(await refuses(world, issueLease, swapped, consumer.who)).toMatchObject({ error: 'E_FORBIDDEN' })
    await does(world, closeCredit, { creditLineId }, world.node)
    const { actorId: to } = consumer
    const reopened = { to, currency: 'USDC', ceiling: '500', maxRequestsPerMinute: 60 }
    await does(world, openCredit, reopened, world.node)
    expect(await refuses(world, issueLease, onCredit, consumer.who)).toMatchObject({ error: 'E_CONFLICT' })
    const quote = await does(world, quoteResource, { resourceId, ttlMs: day }, consumer.who)
    expect(quote.modes).toEqual(['prepaid', 'postpaid'])
    const unknown = await does(world, quoteResource, { resourceId, ttlMs: day }, newWallet().who)
    expect(unknown.modes).toEqual(['prepaid'])
    expect((await does(world, issueLease, prepaid, consumer.who)).leaseId).toMatch(/^lease_/)
    await checkInvariants(world.market.store)
  })

  it('several debts are paid whole, the oldest first, as far as the money reaches', async () => {
    const on = await lending('sqlite')
    const { world, consumer, creditLineId } = on
    const debts = []
    for (const request of [10n, 20n, 5n]) {
      const taken = await lease(on, 100n)
      await serve(world, taken.leaseId, { request })
      await does(world, completeLease, { leaseId: taken.leaseId }, consumer.who)
      debts.push(taken)
      world.clock.now += 10
    }
    await fund(world, consumer.actorId, 35n)
    const settle = () => does(world, settleCredit, { creditLineId }, consumer.who)
    expect(await settle()).toMatchObject({ paid: 30n, owing: 40n, drawn: 40n, more: false })
    const states = await Promise.all(debts.map((each) => settlementNow(world, each)))
    expect(states.map(({ status }) => status)).toEqual([
      'settlement_released',
      'settlement_owed',
      'settlement_released',
    ])
    const { currencies } = await does(world, accountStatement, {}, consumer.who)
    expect(currencies[0]).toMatchObject({ spent: 30n, owing: 40n, credit: { ceiling: 1_000n, drawn: 40n } })
    await checkInvariants(world.market.store)
  })

  it('is not money: nothing of it can be withdrawn', async () => {
    const on = await lending('sqlite')
    await lease(on, 400n)
    const all = { currency: 'USDC', amount: '1' }
    expect(await refuses(on.world, withdraw, all, on.consumer.who)).toMatchObject({
      error: 'E_INSUFFICIENT_FUNDS',
    })
  })
})
