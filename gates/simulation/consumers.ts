/** Outside wallets that rent: they ask for quotes, sign, lease, call, repeat themselves, and end what they have. */
import { Calls, Leases, type Lease } from '@openclaw-market/protocol/entities/lease'
import { CreditLines, Payouts, Settlements } from '@openclaw-market/protocol/entities/money'
import { Resources, type Resource } from '@openclaw-market/protocol/entities/resource'
import { withdraw } from '../../extensions/market-core/src/market/accounts/withdraw.ts'
import { settleCredit } from '../../extensions/market-core/src/market/credit/settle.ts'
import { completeLease } from '../../extensions/market-core/src/market/leases/complete.ts'
import { issueLease } from '../../extensions/market-core/src/market/leases/issue.ts'
import { listLeases } from '../../extensions/market-core/src/market/leases/list.ts'
import { leaseModes } from '../../extensions/market-core/src/market/leases/on-credit.ts'
import { revokeLease } from '../../extensions/market-core/src/market/leases/revoke.ts'
import { quoteResource } from '../../extensions/market-core/src/market/resources/quote.ts'
import { askSurely, type Act } from './actor.ts'
import { sum } from './arithmetic.ts'
import { serve } from './serve.ts'
import type { State } from './state.ts'
import { hash, type Wallet } from './wallets.ts'
import type { World } from './world.ts'

const lifetimes = [10_000, 60_000, 600_000, 3_600_000, 3_600_000, 172_800_000]

function resourceFor(world: World, me: Wallet): Resource | undefined {
  const all = world.state.all(Resources).filter((each) => each.providerActorId !== me.actorId)
  const onCredit = all.filter((each) => each.status === 'resource_published' && isLent(world, me, each))
  if (onCredit.length > 0 && !world.dice.oneIn(3)) return world.dice.one(onCredit)
  // What is stored outlives a lease, so that they come back for it.
  const disks = all.filter((each) => each.kind === 'storage')
  const among = disks.length > 0 && world.dice.oneIn(5) ? disks : all
  return among.length === 0 ? undefined : world.dice.one(among)
}

function leaseOf(world: World, me: Wallet): Lease | undefined {
  const mine = world.state.all(Leases).filter((each) => each.consumerActorId === me.actorId)
  const running = mine.filter((each) => each.status === 'lease_active')
  const among = running.length > 0 && !world.dice.oneIn(6) ? running : mine
  return among.length === 0 ? undefined : world.dice.one(among)
}

/** On credit where somebody lends to them, and now and then where nobody does. */
function modeFor(world: World, me: Wallet, resource: Resource): object {
  const { dice } = world
  if (isLent(world, me, resource) ? dice.oneIn(4) : !dice.oneIn(20)) return {}
  return { mode: 'postpaid' }
}

function isLent({ state }: World, me: Wallet, { providerActorId, currency }: Resource): boolean {
  return state
    .all(CreditLines)
    .some(
      (line) =>
        line.consumerActorId === me.actorId &&
        line.providerActorId === providerActorId &&
        line.currency === currency &&
        line.status === 'credit_open',
    )
}

/** Pays what is due on a line, or of one lease; at times it is the line of somebody else. */
function settle(me: Wallet): Act {
  return async (world) => {
    const { dice, state } = world
    const lines = state.all(CreditLines)
    if (lines.length === 0) return
    const own = lines.filter((each) => each.consumerActorId === me.actorId)
    const { creditLineId } = dice.one(own.length > 0 && !dice.oneIn(8) ? own : lines)
    const leases = state.all(Leases).filter((each) => each.creditLineId === creditLineId)
    const one = leases.length > 0 && dice.oneIn(3) ? { leaseId: dice.one(leases).leaseId } : {}
    const answer = await world.ask(settleCredit, { creditLineId, ...one }, me.who)
    if (answer?.ok !== true) return
    const paidOn = (now: State): bigint =>
      sum(
        now.all(Settlements).filter((each) => each.creditLineId === creditLineId),
        (each) => each.releasedSoFar,
      )
    const paid = paidOn(world.state)
    world.books.told(`${me.name} has paid ${paid} on ${creditLineId}`, (now) => paidOn(now) >= paid)
  }
}

function budgetOf({ dice }: World): bigint {
  return BigInt(dice.oneIn(12) ? 0 : dice.one([30, 150, 500, 2_000]) + dice.below(100))
}

/** Asks for a quote, signs it, waits a while, leases: at times for more, for longer, or with a quote that is over. */
function lease(me: Wallet): Act {
  return async (world) => {
    const { dice, scheduler, signed } = world
    const resource = resourceFor(world, me)
    if (resource === undefined) return
    const { resourceId } = resource
    const ttlMs = dice.one(lifetimes)
    const maxCost = budgetOf(world)
    const token = hash(`${me.name} ${dice.below(2 ** 30)} ${dice.below(2 ** 30)}`)
    if (me.who.kind === 'node' && dice.oneIn(2)) {
      await askSurely(
        world,
        issueLease,
        { resourceId, ttlMs, maxCost: `${maxCost}`, tokenHash: token, ...modeFor(world, me, resource) },
        me.who,
      )
      return
    }
    const mode = modeFor(world, me, resource)
    const quote = await world.ask(
      quoteResource,
      { resourceId, ttlMs, maxCost: `${maxCost}`, ...mode },
      me.who,
    )
    if (quote?.ok !== true) return
    const { quoteId, typedData } = quote as typeof quote & {
      quoteId: string
      typedData: { message: Record<string, unknown> }
    }
    const consentSignature = me.sign(typedData)
    signed.set(consentSignature, typedData.message)
    if (dice.oneIn(4)) await scheduler.turn(`${me.name} hesitates`, false)
    const slip = dice.below(16)
    const wish = {
      resourceId,
      ttlMs: slip === 0 ? ttlMs + 1 : ttlMs,
      maxCost: `${slip === 1 ? maxCost + 1n : slip === 2 ? maxCost / 2n : maxCost}`,
      quoteId,
      consentSignature,
      tokenHash: token,
      ...(slip === 3 ? { mode: dice.one(leaseModes) } : {}),
    }
    const answer = await askSurely(world, issueLease, wish, me.who)
    const unsigned = answer?.ok === false && answer.message.includes('is not signed')
    if (unsigned) world.wrong(`${me.name} signed and was told that it did not: ${answer.message}`)
    if (answer?.ok !== true) return
    const { leaseId } = answer
    world.books.told(`${me.name} has leased ${String(leaseId)}`, (state) => {
      const made = state.get(Leases, String(leaseId))
      return made?.consumerActorId === me.actorId && made.tokenHash === token
    })
  }
}

/** Calls are not waited for: several run at a time, and some have the id of another. */
function call(me: Wallet): Act {
  return async (world) => {
    const { dice } = world
    const mine = leaseOf(world, me)
    if (mine === undefined) return
    const earlier = world.state.all(Calls).filter((each) => each.leaseId === mine.leaseId)
    const times = dice.one([1, 1, 2, 4])
    for (let i = 0; i < times; i++) {
      const again = earlier.length > 0 && dice.oneIn(12)
      const requestId = again ? dice.one(earlier).requestId : `req-${dice.below(2 ** 30)}-${i}`
      const request = { lease: mine, requestId, body: dice.oneIn(3) ? 'another body' : requestId }
      world.begin(() => serve(world, request))
      if (dice.oneIn(12)) world.begin(() => serve(world, request))
    }
  }
}

/** Rather a lease of which something is still unclear. */
function end(me: Wallet): Act {
  return async (world) => {
    const unclear = world.state
      .all(Leases)
      .filter((each) => each.consumerActorId === me.actorId && each.unknownCalls > 0 && each.metered === 0n)
    const mine = unclear.length > 0 && world.dice.oneIn(2) ? world.dice.one(unclear) : leaseOf(world, me)
    if (mine === undefined) return
    const { leaseId } = mine
    const answer = world.dice.oneIn(2)
      ? await world.ask(completeLease, { leaseId }, me.who)
      : await world.ask(revokeLease, { leaseId, reason: 'enough' }, me.who)
    if (answer?.ok !== true) return
    world.books.told(`${leaseId} ends`, (state) => state.get(Leases, leaseId)?.endReason !== undefined)
  }
}

/** Has used something, and that was all. */
function accept(me: Wallet): Act {
  return async (world) => {
    const used = world.state
      .all(Leases)
      .filter(
        (each) => each.consumerActorId === me.actorId && each.status === 'lease_active' && each.metered > 0n,
      )
    if (used.length > 0) await world.ask(completeLease, { leaseId: world.dice.one(used).leaseId }, me.who)
  }
}

/** Tries a lease with one call, of which upstream never says what became of it, and ends the lease over that. */
function tryOnce(me: Wallet): Act {
  return async (world) => {
    const { dice, scheduler } = world
    const fresh = world.state
      .all(Leases)
      .filter(
        (each) => each.consumerActorId === me.actorId && each.status === 'lease_active' && each.callSeq === 0,
      )
    if (fresh.length === 0) return
    const mine = dice.one(fresh)
    const { leaseId } = mine
    const requestId = `once-${dice.below(2 ** 30)}`
    world.begin(() => serve(world, { lease: mine, requestId, body: requestId, silent: true }))
    for (let i = 0; i < 10 && world.state.get(Leases, leaseId)?.unknownCalls !== 1; i++)
      await scheduler.turn(`${me.name} waits`, false)
    await world.ask(dice.oneIn(2) ? completeLease : revokeLease, { leaseId }, me.who)
  }
}

export function takeOut(me: Wallet): Act {
  return async (world) => {
    const { dice } = world
    const amount = BigInt(dice.oneIn(10) ? 0 : dice.below(dice.oneIn(8) ? 100_000 : 400))
    const currency = dice.oneIn(20) ? 'XYZ' : dice.one(['USDC', 'USDC', 'EURC'])
    const answer = await askSurely(world, withdraw, { currency, amount: `${amount}` }, me.who)
    if (answer?.ok !== true) return
    const { payoutId } = answer
    world.books.told(`${me.name} has withdrawn ${amount}`, (state) => {
      const payout = state.get(Payouts, String(payoutId))
      return payout?.amount === amount && payout.actorId === me.actorId
    })
  }
}

/** Sees its own leases, all of them, and nobody else's. */
function look(me: Wallet): Act {
  return async (world) => {
    const before = world.state.all(Leases).filter((each) => involves(each, me)).length
    const answer = await world.ask(listLeases, { limit: 200 }, me.who)
    if (answer?.ok !== true) return
    const { leases } = answer as typeof answer & { leases: readonly Lease[] }
    if (!leases.every((each) => involves(each, me))) world.wrong(`${me.name} sees leases of others`)
    if (leases.length < before) world.wrong(`${me.name} sees ${leases.length} of its ${before} leases`)
  }
}

function involves({ consumerActorId, providerActorId }: Lease, me: Wallet): boolean {
  return consumerActorId === me.actorId || providerActorId === me.actorId
}

export function consumerActs(me: Wallet): readonly (readonly [number, Act])[] {
  return [
    [5, lease(me)],
    [12, call(me)],
    [3, end(me)],
    [3, tryOnce(me)],
    [2, settle(me)],
    [1, takeOut(me)],
    [1, look(me)],
  ]
}

/** Uses what it is lent, and soon says that it is enough. */
export function borrowerActs(me: Wallet): readonly (readonly [number, Act])[] {
  return [
    [5, lease(me)],
    [12, call(me)],
    [2, end(me)],
    [4, accept(me)],
    [1, settle(me)],
  ]
}
