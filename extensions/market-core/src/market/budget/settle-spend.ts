import { Type } from '@sinclair/typebox'
import { Spends } from '@openclaw-market/protocol/entities/policy'
import { operation, update } from '@openclaw-market/protocol/operation'
import { actorOf } from '@openclaw-market/protocol/principal'
import { Amount, closed, Sha256Hex } from '@openclaw-market/protocol/schema/scalars'
import { transition } from '@openclaw-market/protocol/states/machine'
import { spendMachine } from '@openclaw-market/protocol/states/tables'
import { found } from '../found.ts'

/**
 * What a spend came to: the rest is free again. Never more than was taken, whoever says so. What was known before can only
 * turn out to be more: nothing that has counted is given back twice.
 */
export const settleSpend = operation({
  name: 'market.spend.settle',
  summary: 'Says what something that was taken from the budget has come to.',
  effect: 'write',
  scope: 'admin',
  params: closed({ spendKey: Sha256Hex, cost: Amount }),
  result: closed({ cost: Type.Optional(Amount) }),
  errors: ['E_NOT_FOUND', 'E_CONFLICT'],
  callers: ['node'],
  async load(tx, { spendKey }, { who }) {
    const spend = await tx.find(Spends, 'spendKey', spendKey)
    return found(spend?.actorId === actorOf(who) ? spend : undefined, 'spend', spendKey)
  },
  decide(spend, params) {
    const { spendId, amount } = spend
    const cost = amount !== undefined && params.cost > amount ? amount : params.cost
    const more = spend.cost !== undefined && cost > spend.cost
    const status = more
      ? spend.status
      : transition(spendMachine, spend.status, 'spend_settled', `spend ${spendId}`)
    return { result: { cost }, subjects: [spendId], writes: [update(Spends, { ...spend, cost, status })] }
  },
})
