import { CreditLines } from '@openclaw-market/protocol/entities/money'
import { CreditLineId } from '@openclaw-market/protocol/ids'
import { operation, update } from '@openclaw-market/protocol/operation'
import { actorOf } from '@openclaw-market/protocol/principal'
import { Amount, closed, literals } from '@openclaw-market/protocol/schema/scalars'
import { transition } from '@openclaw-market/protocol/states/machine'
import { creditMachine, creditStates } from '@openclaw-market/protocol/states/tables'
import { found } from '../found.ts'
import { drawnOf } from './load.ts'

export const closeCredit = operation({
  name: 'market.credit.close',
  summary: 'Closes a credit line: nothing more is drawn; leases that run go on, and what is owed stays owed.',
  effect: 'write',
  scope: 'admin',
  params: closed({ creditLineId: CreditLineId }),
  result: closed({ creditLineId: CreditLineId, status: literals(creditStates), drawn: Amount }),
  errors: ['E_NOT_FOUND', 'E_CONFLICT'],
  callers: ['node', 'wallet', 'operator'],
  async load(tx, { creditLineId }, { who }) {
    const line = await tx.get(CreditLines, creditLineId)
    const own = line?.providerActorId === actorOf(who) ? line : undefined
    const mine = found(own, 'credit line of yours', creditLineId)
    return { line: mine, drawn: await drawnOf(tx, mine) }
  },
  decide({ line, drawn }, { creditLineId }, { now }) {
    const status = transition(creditMachine, line.status, 'credit_closed', `credit line ${creditLineId}`)
    return {
      result: { creditLineId, status, drawn },
      subjects: [creditLineId],
      writes: [update(CreditLines, { ...line, status, closedAt: now })],
    }
  },
})
