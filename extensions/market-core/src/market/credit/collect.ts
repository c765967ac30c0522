import { Settlements } from '@openclaw-market/protocol/entities/money'
import { Leases } from '@openclaw-market/protocol/entities/lease'
import { MarketError } from '@openclaw-market/protocol/errors'
import { SettlementId } from '@openclaw-market/protocol/ids'
import { operation, update } from '@openclaw-market/protocol/operation'
import { closed, literals } from '@openclaw-market/protocol/schema/scalars'
import { transition } from '@openclaw-market/protocol/states/machine'
import { settlementMachine, settlementStates } from '@openclaw-market/protocol/states/tables'
import { payDebts } from '../../settlement/pay-debt.ts'
import { found } from '../found.ts'
import { loadMoney } from './load.ts'

/** What is owed is paid as soon as the consumer's money reaches; when its time is over and it does not, that is a default. */
export const collectDebt = operation({
  name: 'market.credit.collect',
  summary: 'Pays what is owed for a post-paid lease, or says that it was not paid in time.',
  effect: 'money',
  scope: 'admin',
  params: closed({ settlementId: SettlementId }),
  result: closed({ settlementId: SettlementId, status: literals(settlementStates) }),
  errors: ['E_NOT_FOUND', 'E_CONFLICT'],
  callers: ['market'],
  async load(tx, { settlementId }) {
    const settlement = found(await tx.get(Settlements, settlementId), 'settlement', settlementId)
    return loadMoney(tx, found(await tx.get(Leases, settlement.leaseId), 'lease', settlement.leaseId))
  },
  decide({ lease, settlement, credit }, { settlementId }, { now }) {
    const { status, payBy } = settlement
    const owed = status === 'settlement_owed' || status === 'settlement_defaulted'
    if (credit === undefined || !owed) throw nothingToCollect(status)
    const { settlements, movements } = payDebts([{ lease, settlement }], credit, now)
    const [paid] = settlements
    const next = paid ?? defaulted()
    return {
      result: { settlementId, status: next.status },
      subjects: [settlementId, lease.leaseId],
      writes: [update(Settlements, next)],
      movements,
    }

    function defaulted() {
      if (status !== 'settlement_owed' || payBy === undefined || now < payBy) throw nothingToCollect(status)
      const { dueAt: _due, ...rest } = settlement
      const over = transition(settlementMachine, status, 'settlement_defaulted', `settlement ${settlementId}`)
      return { ...rest, status: over, defaultedAt: now }
    }
  },
})

function nothingToCollect(status: string): MarketError {
  return new MarketError('E_CONFLICT', 'there is nothing to collect on this settlement now', {
    details: { status },
  })
}
