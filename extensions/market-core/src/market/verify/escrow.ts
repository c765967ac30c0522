/** The money of one lease: what was locked, what is promised, and where it went. */
import { deriveLeaseView } from '@openclaw-market/protocol/states/derived'
import { isTerminal } from '@openclaw-market/protocol/states/machine'
import { leaseMachine, settlementMachine } from '@openclaw-market/protocol/states/tables'
import { balanceOf } from '../../ledger/account.ts'
import type { LeaseFacts } from './facts.ts'
import { all, exactlyWhen, rules, same } from './findings.ts'

const hasEnded = ({ lease }: LeaseFacts): boolean => isTerminal(leaseMachine, lease.status)
const isSettled = ({ settlement }: LeaseFacts): boolean => isTerminal(settlementMachine, settlement.status)
const isPostpaid = ({ settlement }: LeaseFacts): boolean => settlement.creditLineId !== undefined
const orNone = (amount: bigint): bigint | undefined => (amount === 0n ? undefined : amount)

export const escrowRules = rules<LeaseFacts>({
  'settlement.terms': ({ settlement, lease }) =>
    all(
      same('leaseId', settlement.leaseId, lease.leaseId),
      same('orderId', settlement.orderId, lease.orderId),
      same('payerActorId', settlement.payerActorId, lease.consumerActorId),
      same('payeeActorId', settlement.payeeActorId, lease.providerActorId),
      same('currency', settlement.currency, lease.currency),
      same('creditLineId', settlement.creditLineId, lease.creditLineId),
      same('locked', settlement.locked, lease.maxCost),
      same('createdAt', settlement.createdAt, lease.createdAt),
    ),
  // Post-paid nobody earns what nobody has paid.
  'settlement.transfers': ({ settlement: { locked, releasedSoFar, refundedSoFar, creditLineId }, moved }) =>
    all(
      same('locked by transfers', moved?.lock, orNone(locked)),
      same('released by transfers', moved?.release, orNone(releasedSoFar)),
      same('refunded by transfers', moved?.refund, orNone(refundedSoFar)),
      same('repaid', moved?.repay, creditLineId === undefined ? undefined : orNone(releasedSoFar)),
    ),
  'settlement.limit': ({ lease, settlement: { locked, releasedSoFar } }) =>
    all(
      locked > 0n || 'locks nothing',
      lease.metered + lease.reserved <= locked ||
        `meters ${lease.metered} and reserves ${lease.reserved} of ${locked}`,
      releasedSoFar <= lease.metered || `has released ${releasedSoFar} of ${lease.metered}`,
    ),
  'escrow.balance': ({ account, settlement: { locked, releasedSoFar, refundedSoFar } }) =>
    same('its escrow', balanceOf(account), locked - releasedSoFar - refundedSoFar),
  'escrow.held': ({ account, lease }) => same('held in its escrow', account.held, lease.reserved),
  'escrow.committed': ({ account, lease, settlement }) =>
    same('committed in its escrow', account.committed, lease.metered - settlement.releasedSoFar),
  'escrow.settled': (facts) => {
    const balance = balanceOf(facts.account)
    // All of a post-paid lock may be used up and paid while the lease still runs.
    if (isPostpaid(facts) && !hasEnded(facts) && balance === 0n) return true
    return isSettled(facts) === (balance === 0n) || `is ${facts.settlement.status} and holds ${balance}`
  },
  'settlement.outcome': (facts) => {
    const { settlement, lease } = facts
    if (!isSettled(facts)) return true
    return all(
      same('releasedSoFar', settlement.releasedSoFar, lease.metered),
      same('status', settlement.status, lease.metered > 0n ? 'settlement_released' : 'settlement_refunded'),
    )
  },
  // While it runs nothing leaves, but for what is paid of a post-paid one; from its end on all that no call holds has gone
  // back, and what was accepted is paid, or owed on a credit line.
  'settlement.progress': (facts) => {
    const { settlement, lease } = facts
    const { locked, releasedSoFar, refundedSoFar } = settlement
    if (!hasEnded(facts))
      return all(
        isPostpaid(facts) || same('releasedSoFar', releasedSoFar, 0n),
        same('refundedSoFar', refundedSoFar, 0n),
      )
    return all(
      same('refundedSoFar', refundedSoFar, locked - lease.metered - lease.reserved),
      lease.status !== 'lease_completed' ||
        isPostpaid(facts) ||
        same('releasedSoFar', releasedSoFar, lease.metered),
    )
  },
  'settlement.times': (facts) => {
    const { closesAt, settledAt, dueAt } = facts.settlement
    const { endedAt } = facts.lease
    const [ended, settled] = [hasEnded(facts), isSettled(facts)]
    return all(
      exactlyWhen('closesAt', closesAt !== undefined, ended, 'its lease has ended'),
      exactlyWhen('settledAt', settledAt !== undefined, settled, 'it is settled'),
      closesAt === undefined ||
        endedAt === undefined ||
        closesAt >= endedAt ||
        'closes before its lease ended',
      settledAt === undefined ||
        endedAt === undefined ||
        settledAt >= endedAt ||
        'is settled before its lease ended',
      same('dueAt', dueAt, dueOf(facts)),
    )
  },
  'settlement.window': (facts) => {
    const { closesAt = 0, settledAt, releasedSoFar } = facts.settlement
    // What a consumer pays on its credit line before that, it accepts.
    if (isPostpaid(facts)) return true
    if (settledAt === undefined || releasedSoFar === 0n || facts.lease.status === 'lease_completed')
      return true
    return settledAt >= closesAt || 'was released before the dispute window was over'
  },
  /** Order, consent and delivery are views of two states: compared with what times and figures say. */
  'lease.view': ({ lease, settlement }) => {
    const { order } = deriveLeaseView(lease.status, settlement.status)
    const { settledAt, releasedSoFar } = settlement
    if (lease.endedAt === undefined) return same('its order', order, 'delivery_ready')
    if (settledAt !== undefined)
      return same('its order', order, releasedSoFar > 0n ? 'settlement_completed' : 'settlement_cancelled')
    return same('its order', order, lease.endReason === 'revoked' ? 'consent_revoked' : 'delivery_completed')
  },
})

/** When time acts on it next: never before its lease has ended, nor when all is settled or lost. */
function dueOf(facts: LeaseFacts): number | undefined {
  const { status, closesAt, payBy } = facts.settlement
  switch (status) {
    case 'settlement_locked':
      return hasEnded(facts) ? closesAt : undefined
    case 'settlement_owed':
      return payBy
    case 'settlement_defaulted':
    case 'settlement_released':
    case 'settlement_refunded':
      return undefined
  }
}
