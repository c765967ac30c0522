/** The clock, and what it sets going: the market's timer, an impatient operator, and haste. */
import { Calls, Leases } from '@openclaw-market/protocol/entities/lease'
import { Settlements } from '@openclaw-market/protocol/entities/money'
import { Quotes } from '@openclaw-market/protocol/entities/records'
import { collectDebt } from '../../extensions/market-core/src/market/credit/collect.ts'
import { lapseCall } from '../../extensions/market-core/src/market/calls/lapse.ts'
import { accrueStorage } from '../../extensions/market-core/src/market/leases/accrue-storage.ts'
import { expireLease } from '../../extensions/market-core/src/market/leases/expire.ts'
import { closeSettlement } from '../../extensions/market-core/src/market/settlements/close.ts'
import type { Act } from './actor.ts'
import type { World } from './world.ts'

/** The market's own timer, and an impatient operator. */
const sweep: Act = async (world) => {
  const { market, dice, clock } = world
  if (market === undefined || dice.oneIn(2)) return
  const at = dice.oneIn(4) ? clock.now - dice.below(60_000) : undefined
  const limit = dice.one([1, 2, 5, 100])
  world.begin(async () => {
    await market.sweep(limit, at)
  })
}

/** What the market does by itself when time has come, done too early or once too often. */
const rush: Act = async (world) => {
  const { dice, state, node } = world
  const who = { kind: 'market' as const, actorId: node.actorId }
  const [calls, leases, settlements] = [state.all(Calls), state.all(Leases), state.all(Settlements)]
  if (calls.length === 0 || leases.length === 0) return
  const unknown = calls.filter((each) => each.status === 'call_unknown')
  const { callId } = dice.one(unknown.length > 0 ? unknown : calls)
  const { leaseId } = dice.one(leases)
  const { settlementId } = dice.one(settlements)
  const owed = settlements.filter(
    ({ status }) => status === 'settlement_owed' || status === 'settlement_defaulted',
  )
  switch (dice.below(5)) {
    case 4: {
      const debt = owed.length > 0 ? dice.one(owed).settlementId : settlementId
      await world.ask(collectDebt, { settlementId: debt }, who)
      return
    }
    case 0:
      await world.ask(lapseCall, { callId }, who)
      return
    case 1:
      await world.ask(expireLease, { leaseId }, who)
      return
    case 2:
      await world.ask(accrueStorage, { leaseId }, who)
      return
    default:
      await world.ask(closeSettlement, { settlementId }, who)
  }
}

/** The next moments in which something is due or over, as far as they are not far away. */
function moments({ state, clock }: World): readonly number[] {
  const all = [
    ...state.all(Leases).flatMap(({ dueAt, expiresAt }) => [dueAt, expiresAt]),
    ...state.all(Calls).map(({ dueAt }) => dueAt),
    ...state.all(Settlements).map(({ dueAt }) => dueAt),
    ...state.all(Quotes).map(({ expiresAt }) => expiresAt),
  ]
  return all.filter((at) => at !== undefined && at > clock.now && at <= clock.now + 3_600_000) as number[]
}

const aWhile = [1, 10, 100, 1_000, 1_000, 2_000, 5_000, 10_000]
const aLongWhile = [60_000, 120_000, 120_000, 600_000, 600_000, 600_000, 3_600_000, 86_400_000]

/** Time passes, mostly little, now and then a day; where the clock is unreliable it may also be set back. */
const time: Act = async (world) => {
  const { dice } = world
  const due = dice.oneIn(5) ? moments(world) : []
  // To the very moment, or to the millisecond before it.
  if (due.length > 0) return world.pass(Math.min(...due) - world.clock.now - dice.below(2))
  const back = world.clock.unreliable && dice.oneIn(20)
  world.pass(back ? -dice.below(3_000) : dice.one(dice.oneIn(15) ? aLongWhile : aWhile))
}

export const sweepActs: readonly (readonly [number, Act])[] = [
  [3, sweep],
  [1, rush],
]

export const clockActs: readonly (readonly [number, Act])[] = [[1, time]]
