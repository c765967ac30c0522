/** Providers that lend: to wallets and to the node, much or little, for long or for a moment; and change their mind. */
import { CreditLines } from '@openclaw-market/protocol/entities/money'
import { Resources } from '@openclaw-market/protocol/entities/resource'
import { closeCredit } from '../../extensions/market-core/src/market/credit/close.ts'
import { openCredit } from '../../extensions/market-core/src/market/credit/open.ts'
import type { Act } from './actor.ts'
import type { Wallet } from './wallets.ts'

export function lend(me: Wallet): Act {
  return async (world) => {
    const { dice } = world
    const often = dice.oneIn(2) ? [world.borrower] : world.consumers
    const { actorId: to } = dice.one(dice.oneIn(6) ? world.everyone : often)
    const own = world.state
      .all(Resources)
      .flatMap((each) => (each.providerActorId === me.actorId ? [each.currency] : []))
    const terms = {
      to,
      currency: dice.oneIn(20) ? 'XYZ' : dice.one(own.length > 0 ? own : ['USDC', 'EURC']),
      ceiling: `${dice.one([300, 3_000, 20_000]) + dice.below(100)}`,
      maxRequestsPerMinute: dice.one([3, 60_000, 60_000]),
      ...(dice.oneIn(8) ? {} : { graceMs: dice.one([1_000, 10_000, 7_200_000, 7_200_000]) }),
    }
    const answer = await world.ask(openCredit, terms, me.who)
    if (answer?.ok !== true) return
    const { creditLineId } = answer
    world.books.told(`${me.name} lends to ${to}`, (state) => {
      const line = state.get(CreditLines, String(creditLineId))
      return line?.providerActorId === me.actorId && line.consumerActorId === to
    })
  }
}

export function changeLine(me: Wallet): Act {
  return async (world) => {
    const { dice } = world
    const lines = world.state.all(CreditLines)
    if (lines.length === 0) return
    const own = lines.filter((each) => each.providerActorId === me.actorId)
    const {
      creditLineId,
      consumerActorId: to,
      currency,
      ceiling,
      graceMs,
    } = dice.one(own.length > 0 && !dice.oneIn(8) ? own : lines)
    if (dice.oneIn(2)) {
      const answer = await world.ask(closeCredit, { creditLineId }, me.who)
      if (answer?.ok !== true) return
      world.books.told(
        `${creditLineId} is closed`,
        (state) => state.get(CreditLines, creditLineId)?.status === 'credit_closed',
      )
      return
    }
    const terms = {
      to,
      currency,
      ceiling: `${ceiling / 2n + BigInt(1 + dice.below(600))}`,
      maxRequestsPerMinute: dice.one([2, 60_000]),
      ...(dice.oneIn(3) ? {} : { graceMs: graceMs + (dice.oneIn(4) ? 1 : 0) }),
    }
    await world.ask(openCredit, terms, me.who)
  }
}
