/** Who spends from the node wallet, in several conversations, and the owner who says how much. */
import { Allowances, Approvals, Spends } from '@openclaw-market/protocol/entities/policy'
import { WalletBindings } from '@openclaw-market/protocol/entities/wallet'
import { Resources } from '@openclaw-market/protocol/entities/resource'
import type { Principal } from '@openclaw-market/protocol/principal'
import { deposit } from '../../extensions/market-core/src/market/accounts/deposit.ts'
import { askApproval } from '../../extensions/market-core/src/market/budget/ask-approval.ts'
import { setPolicy } from '../../extensions/market-core/src/market/budget/set-policy.ts'
import { settleSpend } from '../../extensions/market-core/src/market/budget/settle-spend.ts'
import { takeSpend } from '../../extensions/market-core/src/market/budget/take-spend.ts'
import { leaseSpendKey } from '../../extensions/market-core/src/market/budget/load-budget.ts'
import { issueLease } from '../../extensions/market-core/src/market/leases/issue.ts'
import { askSurely, type Act } from './actor.ts'
import { hash } from './wallets.ts'
import type { World } from './world.ts'

type Spender = Extract<Principal, { readonly kind: 'node' }>

const amounts = [30, 150, 500] as const
const senders = [
  { channel: 'telegram', id: 'sam' },
  { channel: 'telegram', id: 'tess' },
] as const

/** The owner's runs, a worker's, and those of others; all ask for few things, so that approvals meet their requests. */
function spender(world: World, amount: number): Spender {
  const { dice, node } = world
  const request = { capability: 'web3.resources.lease', paramsHash: hash(`so much: ${amount}`) }
  const sessionKey = dice.one(['agent:main:1', 'agent:main:2'])
  const [owner, run] = dice.one([
    [true, { agentId: 'main', sessionKey }],
    [true, { agentId: 'worker', sessionKey }],
    [false, { agentId: 'main', sessionKey, senderId: dice.one(senders).id, channel: 'telegram' }],
    [false, { agentId: 'main', sessionKey }],
  ] as const)
  return { kind: 'node', actorId: node.actorId, owner, run, ...(dice.oneIn(8) ? {} : { request }) }
}

const lease: Act = async (world) => {
  const { dice } = world
  const all = world.state
    .all(Resources)
    .filter(({ providerActorId }) => providerActorId !== world.node.actorId)
  if (all.length === 0) return
  const amount = dice.one(amounts)
  const tokenHash = hash(`spent ${dice.below(2 ** 30)} ${dice.below(2 ** 30)}`)
  const wish = { resourceId: dice.one(all).resourceId, ttlMs: 60_000, maxCost: `${amount}`, tokenHash }
  await askSurely(world, issueLease, wish, spender(world, amount))
}

/** What goes to another market, or on a lease that somebody has taken. */
const elsewhere: Act = async (world) => {
  const { dice } = world
  const open = world.state.all(Spends).filter(({ status }) => status === 'spend_open')
  const amount = dice.one(amounts)
  if (open.length > 0 && dice.oneIn(2)) {
    const { spendKey } = dice.one(dice.oneIn(6) ? world.state.all(Spends) : open)
    const answer = await world.ask(settleSpend, { spendKey, cost: `${dice.below(600)}` }, world.node.who)
    if (answer?.ok !== true) return
    world.books.told(`${spendKey} is settled`, (state) =>
      state.all(Spends).some((each) => each.spendKey === spendKey && each.status === 'spend_settled'),
    )
    return
  }
  const taken = world.state.all(Spends).filter(({ what }) => what !== 'call')
  const what = taken.length > 0 && dice.oneIn(2) ? 'call' : 'lease_elsewhere'
  const params = {
    what,
    spendKey:
      dice.oneIn(8) && open.length > 0 ? dice.one(open).spendKey : leaseSpendKey(`${dice.below(2 ** 30)}`),
    currency: 'USDC',
    ...(dice.oneIn(12) ? {} : { amount: `${amount}` }),
    ...(what === 'call' ? { leaseKey: dice.one(taken).spendKey } : {}),
  }
  await world.ask(takeSpend, params, spender(world, amount))
}

const askFor: Act = async (world) => {
  const amount = world.dice.one(amounts)
  await world.ask(askApproval, { currency: 'USDC', amount: `${amount}` }, spender(world, amount))
}

/** The owner's word, from inside or by its wallet; now and then somebody else's. */
const decide: Act = async (world) => {
  const { dice, state } = world
  const who = decider(world)
  const approvals = state.all(Approvals)
  const waiting = approvals.filter(({ status }) => status === 'approval_pending')
  if (approvals.length > 0 && !dice.oneIn(3)) {
    const { approvalId } = dice.one(waiting.length > 0 && !dice.oneIn(6) ? waiting : approvals)
    const asked = dice.oneIn(3) ? { deny: approvalId } : { approve: approvalId }
    await world.ask(setPolicy, asked, who)
    return
  }
  const there = state.all(Allowances)
  const some = there.length > 0 ? dice.one(there) : undefined
  if (some !== undefined && dice.oneIn(4)) {
    await world.ask(setPolicy, { remove: some.allowanceId }, who)
    return
  }
  if (some !== undefined && dice.oneIn(3)) {
    const { allowanceId } = some
    const amount = `${dice.below(500)}`
    await world.ask(setPolicy, { topUp: { allowanceId, amount, forMs: 60_000 } }, who)
    return
  }
  await world.ask(setPolicy, { allow: allowance(world) }, who)
}

function decider(world: World): Principal {
  const { dice, state, node, consumers, stranger } = world
  if (dice.oneIn(8)) return spender(world, 30)
  const { ownerActorId } = state.get(WalletBindings, node.actorId) ?? {}
  const owners = consumers.find(({ actorId }) => actorId === ownerActorId)
  if (owners !== undefined && dice.oneIn(2)) return owners.who
  return dice.oneIn(12) ? stranger.who : node.who
}

function allowance({ dice }: World) {
  const whose = dice.one([
    {},
    { agentId: 'worker' },
    { sessionKey: 'agent:main:1' },
    { sender: dice.one(senders) },
    { sender: dice.one(senders) },
  ])
  return {
    per: dice.one(['call', 'session', 'day']),
    whose,
    currency: dice.oneIn(20) ? 'XYZ' : 'USDC',
    limit: `${dice.one([0, 100, 1_000])}`,
    ...(dice.oneIn(3) ? { above: 'refuse' } : {}),
  }
}

/** What an allowance does not cover is asked for, answered, and then tried twice at once. */
const plead: Act = async (world) => {
  const { dice, node, scheduler } = world
  const all = world.state.all(Resources).filter(({ providerActorId }) => providerActorId !== node.actorId)
  if (all.length === 0) return
  const amount = dice.one(amounts)
  const who = spender(world, amount)
  const whose = { sessionKey: who.run?.sessionKey ?? 'agent:main:1' }
  await world.ask(setPolicy, { allow: { per: 'day', whose, currency: 'USDC', limit: '0' } }, node.who)
  await world.ask(
    deposit,
    { to: node.actorId, currency: 'USDC', amount: '500', reason: 'asked' },
    world.operator(),
  )
  const asked = await world.ask(askApproval, { currency: 'USDC', amount: `${amount}` }, who)
  if (asked?.ok !== true) return
  const { approvalId } = asked
  const denies = dice.oneIn(4)
  await world.ask(setPolicy, denies ? { deny: approvalId } : { approve: approvalId }, node.who)
  const { resourceId } = dice.one(all)
  const leaseIt = async (): Promise<void> => {
    const tokenHash = hash(`pleaded ${dice.below(2 ** 30)} ${dice.below(2 ** 30)}`)
    await world.ask(issueLease, { resourceId, ttlMs: 60_000, maxCost: `${amount}`, tokenHash }, who)
  }
  world.begin(leaseIt)
  if (dice.oneIn(2)) world.begin(leaseIt)
  await scheduler.turn('whoever spends waits', false)
}

export const spenderActs: readonly (readonly [number, Act])[] = [
  [4, lease],
  [6, elsewhere],
  [3, askFor],
  [3, decide],
  [4, plead],
]
