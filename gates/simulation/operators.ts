/** Whoever runs the market: lets money in and out, and acts for others. */
import { Leases } from '@openclaw-market/protocol/entities/lease'
import { Deposits, Payouts, Settlements, type Settlement } from '@openclaw-market/protocol/entities/money'
import { deposit } from '../../extensions/market-core/src/market/accounts/deposit.ts'
import { settlePayout } from '../../extensions/market-core/src/market/accounts/settle-payout.ts'
import { withdraw } from '../../extensions/market-core/src/market/accounts/withdraw.ts'
import { completeLease } from '../../extensions/market-core/src/market/leases/complete.ts'
import { appendUsage } from '../../extensions/market-core/src/market/usage/append.ts'
import { askSurely, type Act } from './actor.ts'
import type { World } from './world.ts'

export async function grant(world: World): Promise<void> {
  const { dice } = world
  const to = dice.one(dice.oneIn(4) ? world.everyone : world.consumers).actorId
  const currency = dice.one(['USDC', 'USDC', 'EURC'])
  const amount = BigInt(1_000 + dice.below(9_000))
  const who = { kind: 'operator' as const, actorId: world.node.actorId }
  const answer = await askSurely(
    world,
    deposit,
    { to, currency, amount: `${amount}`, reason: 'simulated' },
    who,
  )
  if (answer?.ok !== true) return
  const { depositId } = answer
  world.books.told(`${amount} ${currency} came in`, (state) => {
    const kept = state.get(Deposits, String(depositId))
    return kept?.amount === amount && kept.actorId === to
  })
}

function debtsIn({ state }: World): readonly Settlement[] {
  const owed: readonly string[] = ['settlement_owed', 'settlement_defaulted']
  return state.all(Settlements).filter(({ status }) => owed.includes(status))
}

/** Somebody helps most of those who owe. */
export async function helpMost(world: World): Promise<void> {
  for (const debt of debtsIn(world)) if (!world.dice.oneIn(3)) await helpWith(world, debt)
}

const help: Act = async (world) => {
  const debts = debtsIn(world)
  if (debts.length > 0) await helpWith(world, world.dice.one(debts))
}

/** With all of it, or not quite. */
async function helpWith(world: World, debt: Settlement): Promise<void> {
  const { dice } = world
  const { payerActorId: to, currency, locked, releasedSoFar, refundedSoFar } = debt
  const who = { kind: 'operator' as const, actorId: world.node.actorId }
  const amount = `${locked - releasedSoFar - refundedSoFar - (dice.oneIn(4) ? 1n : 0n)}`
  await askSurely(world, deposit, { to, currency, amount, reason: 'helped' }, who)
}

const settle: Act = async (world) => {
  const { dice } = world
  const payouts = world.state.all(Payouts)
  if (payouts.length === 0) return
  const pending = payouts.filter((each) => each.status === 'payout_pending')
  const { payoutId } = dice.one(pending.length > 0 && !dice.oneIn(6) ? pending : payouts)
  const outcome = dice.one(['paid', 'returned'] as const)
  const answer = await world.ask(settlePayout, { payoutId, outcome }, world.operator())
  if (answer?.ok !== true) return
  world.books.told(
    `${payoutId} is ${outcome}`,
    (state) => state.get(Payouts, payoutId)?.status === `payout_${outcome}`,
  )
}

/** May end a lease or withdraw for someone, and can never write usage for someone. */
const onBehalf: Act = async (world) => {
  const { dice } = world
  const leases = world.state.all(Leases)
  if (leases.length === 0) return
  const { leaseId, consumerActorId, providerActorId } = dice.one(leases)
  switch (dice.below(3)) {
    case 0:
      await world.ask(completeLease, { leaseId }, world.operator(consumerActorId))
      return
    case 1:
      await world.ask(
        withdraw,
        { currency: 'USDC', amount: `${1 + dice.below(50)}` },
        world.operator(consumerActorId),
      )
      return
    default: {
      const entry = { leaseId, requestId: `behalf-${dice.below(2 ** 30)}`, outcome: 'done', usage: [] }
      const answer = await world.ask(appendUsage, { entry }, world.operator(providerActorId))
      if (answer?.ok === true) world.wrong('usage was written on behalf of someone else')
    }
  }
}

export const operatorActs: readonly (readonly [number, Act])[] = [
  [3, grant],
  [4, help],
  [3, settle],
  [1, onBehalf],
]
