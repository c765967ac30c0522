/** Those who offer: the node wallet itself, and outside wallets that have the node serve for them by a signed delegation. */
import { Calls, Leases, UsageRecords } from '@openclaw-market/protocol/entities/lease'
import { Resources } from '@openclaw-market/protocol/entities/resource'
import type { ResourceId } from '@openclaw-market/protocol/ids'
import { delegationTypedData } from '@openclaw-market/protocol/typed-data/delegation'
import { revokeLease } from '../../extensions/market-core/src/market/leases/revoke.ts'
import { publishResource } from '../../extensions/market-core/src/market/resources/publish.ts'
import { unpublishResource } from '../../extensions/market-core/src/market/resources/unpublish.ts'
import { appendUsage } from '../../extensions/market-core/src/market/usage/append.ts'
import { askSurely, type Act } from './actor.ts'
import { changeLine, lend } from './lenders.ts'
import { takeOut } from './consumers.ts'
import type { Wallet } from './wallets.ts'
import { chainId, type World } from './world.ts'

/** Thirds and sevenths, so that rounding shows. */
const offers = [
  {
    kind: 'model',
    backend: 'llm',
    prices: [
      { unit: 'input_token', amount: '3', per: '7', currency: 'USDC' },
      { unit: 'output_token', amount: '11', per: '3', currency: 'USDC' },
      { unit: 'request', amount: '2', per: '1', currency: 'USDC' },
    ],
  },
  {
    kind: 'model',
    backend: 'llm',
    prices: [{ unit: 'output_token', amount: '1', per: '2', currency: 'EURC' }],
  },
  {
    kind: 'storage',
    backend: 'disk',
    prices: [
      { unit: 'put', amount: '5', per: '1', currency: 'USDC' },
      { unit: 'byte', amount: '1', per: '400', currency: 'USDC' },
      { unit: 'gb_day', amount: '40', per: '1', currency: 'USDC' },
    ],
  },
  {
    kind: 'storage',
    backend: 'disk',
    prices: [{ unit: 'gb_day', amount: '5', per: '3', currency: 'USDC' }],
  },
  { kind: 'search', backend: 'web', prices: [{ unit: 'query', amount: '7', per: '2', currency: 'USDC' }] },
] as const

const policies = [
  {},
  { maxConcurrent: 1, maxCallMs: 10_000, keepFilesDays: 1 },
  { maxConcurrent: 2, maxRequestsPerMinute: 6 },
  { maxConcurrent: 3, keepFilesDays: 2 },
]

/** A provider's signed leave, at times for too short a time. */
export function delegation(world: World, me: Wallet, resourceId: ResourceId, backend: string) {
  const validMs = world.dice.one([3_600_000, 864_000_000, 8_640_000_000])
  const expiresAt = world.clock.now + validMs
  const values = { provider: me.actorId, delegate: world.node.actorId, resourceId, backend, expiresAt }
  const signature = me.sign(delegationTypedData({ chainId, ...values }))
  return { ...values, expiresAt: new Date(expiresAt).toISOString(), signature }
}

export function resourceOf(world: World, me: Wallet, resourceId: ResourceId, kind?: string): object {
  const { dice } = world
  const offer = dice.one(kind === undefined ? offers : offers.filter((each) => each.kind === kind))
  const own = { ...offer, label: `${offer.kind} of ${me.name}`, policy: dice.one(policies), resourceId }
  return me.who.kind === 'node'
    ? own
    : { ...own, delegation: delegation(world, me, resourceId, offer.backend) }
}

export function publish(me: Wallet): Act {
  return async (world) => {
    const { dice } = world
    const mine = world.state.all(Resources).filter((each) => each.providerActorId === me.actorId)
    const off = mine.filter((each) => each.status === 'resource_unpublished')
    const more = mine.length < 3 && dice.oneIn(2)
    const again = mine.length === 0 || more ? undefined : dice.one(off.length > 0 ? off : mine)
    const resourceId = again?.resourceId ?? world.ids.next('res')
    const kind = dice.oneIn(10) ? undefined : again?.kind
    const answer = await askSurely(
      world,
      publishResource,
      { resource: resourceOf(world, me, resourceId, kind) },
      me.who,
    )
    if (answer?.ok !== true) return
    const { version } = answer
    world.books.told(
      `${resourceId} is published as version ${String(version)}`,
      (state) => (state.get(Resources, resourceId)?.version ?? 0) >= Number(version),
    )
  }
}

function unpublish(me: Wallet): Act {
  return async (world) => {
    const mine = world.state.all(Resources).filter((each) => each.providerActorId === me.actorId)
    if (mine.length > 0)
      await world.ask(unpublishResource, { resourceId: world.dice.one(mine).resourceId }, me.who)
  }
}

function revoke(me: Wallet): Act {
  return async (world) => {
    const sold = world.state.all(Leases).filter((each) => each.providerActorId === me.actorId)
    if (sold.length > 0) await world.ask(revokeLease, { leaseId: world.dice.one(sold).leaseId }, me.who)
  }
}

/** Says by itself what a call used: one that was served elsewhere, or one that is on record already, whatever became of it. */
function append(me: Wallet): Act {
  return async (world) => {
    const { dice, node } = world
    // The node serves what it was delegated as well.
    const mine = (actorId: string): boolean => actorId === me.actorId || me.actorId === node.actorId
    const sold = world.state.all(Leases).filter((each) => mine(each.providerActorId))
    if (sold.length === 0) return
    const unclear = sold.filter((each) => each.unknownCalls > 0)
    const lease = dice.one(unclear.length > 0 && dice.oneIn(2) ? unclear : sold)
    const calls = world.state.all(Calls).filter((each) => each.leaseId === lease.leaseId)
    const unknown = calls.filter((each) => each.status === 'call_unknown')
    const among = unknown.length > 0 && !dice.oneIn(4) ? unknown : calls
    const call = among.length > 0 && !dice.oneIn(3) ? dice.one(among) : undefined
    world.bypassed.add(lease.leaseId)
    if (call !== undefined) world.bypassed.add(call.callId)
    const unit = lease.kind === 'model' ? 'output_token' : lease.kind === 'storage' ? 'put' : 'query'
    const more = BigInt(dice.below(dice.oneIn(4) ? 400 : 4))
    const least = dice.oneIn(8) ? {} : (call?.usage ?? {})
    const usage = { ...least, [unit]: ((call?.usage ?? {})[unit] ?? 0n) + more }
    const outcome = dice.one(['done', 'done', 'failed', 'unknown'] as const)
    const requestId = call?.requestId ?? `elsewhere-${dice.below(2 ** 30)}`
    const entry = {
      leaseId: lease.leaseId,
      requestId,
      outcome,
      usage: Object.entries(usage).map(([each, quantity]) => ({ unit: each, quantity: `${quantity}` })),
      ...(dice.oneIn(10) ? { cost: `${dice.below(30)}` } : {}),
    }
    const answer = await world.ask(appendUsage, { entry }, me.who)
    if (answer?.ok !== true) return
    const { ledgerId, cost } = answer
    world.books.told(
      `${String(ledgerId)} is on record`,
      (state) => state.get(UsageRecords, String(ledgerId))?.cost === BigInt(String(cost)),
    )
  }
}

export function providerActs(me: Wallet): readonly (readonly [number, Act])[] {
  return [
    [4, publish(me)],
    [2, unpublish(me)],
    [2, revoke(me)],
    [12, append(me)],
    [2, takeOut(me)],
    [3, lend(me)],
    [1, changeLine(me)],
  ]
}
