/** When a lease begins, who ends it, and what time may do to it. */
import { Leases } from '@openclaw-market/protocol/entities/lease'
import { Settlements } from '@openclaw-market/protocol/entities/money'
import { Quotes } from '@openclaw-market/protocol/entities/records'
import { Resources } from '@openclaw-market/protocol/entities/resource'
import { accrueStorage } from '../../extensions/market-core/src/market/leases/accrue-storage.ts'
import { completeLease } from '../../extensions/market-core/src/market/leases/complete.ts'
import { expireLease } from '../../extensions/market-core/src/market/leases/expire.ts'
import { issueLease } from '../../extensions/market-core/src/market/leases/issue.ts'
import { revokeLease } from '../../extensions/market-core/src/market/leases/revoke.ts'
import { closeSettlement } from '../../extensions/market-core/src/market/settlements/close.ts'
import { availableTo } from './law-accounts.ts'
import { budgetRefusal } from './law-budget.ts'
import { blocks, lineOf, roomOn } from './law-credit.ts'
import { actor, law, unless, type Law } from './law.ts'

export const leaseLaws: readonly Law[] = [
  law(issueLease, ({ params, state, who, now, proof }) => {
    const { resourceId, quoteId, ttlMs, maxCost } = params
    const resource = state.get(Resources, resourceId)
    if (resource?.status !== 'resource_published') return ['E_NOT_FOUND']
    const by = actor(who)
    const quote = quoteId === undefined ? undefined : state.get(Quotes, quoteId)
    const asked = quoteId !== undefined
    const mine = quote !== undefined && quote.consumerActorId === by && quote.resourceId === resourceId
    const leases = state.all(Leases)
    const holds = leases.some(
      (lease) =>
        lease.resourceId === resourceId && lease.consumerActorId === by && lease.endedAt === undefined,
    )
    const until = resource.delegation?.expiresAt ?? Infinity
    const budget = budgetRefusal(state, who, { currency: resource.currency, amount: maxCost }, now)
    const postpaid =
      (params.mode ?? (quote?.creditLineId === undefined ? 'prepaid' : 'postpaid')) === 'postpaid'
    const line = postpaid ? lineOf(state, resource, by) : undefined
    const enough = postpaid
      ? line !== undefined && maxCost <= roomOn(state, line)
      : maxCost <= availableTo(state, by, resource.currency)
    return unless(
      [resource.providerActorId === by, 'E_FORBIDDEN'],
      [blocks(state, resource.providerActorId, by), 'E_FORBIDDEN'],
      [postpaid && line === undefined, 'E_FORBIDDEN'],
      [line?.creditLineId !== proof.creditLineId, 'E_CONFLICT'],
      [mine && quote.creditLineId !== line?.creditLineId, 'E_CONFLICT'],
      [maxCost === 0n, 'E_INVALID_ARGUMENT'],
      [resource.offerHash !== proof.offerHash, 'E_CONFLICT'],
      [asked && !mine, 'E_NOT_FOUND'],
      [mine && quote.expiresAt <= now, 'E_EXPIRED'],
      [mine && quote.offerHash !== resource.offerHash, 'E_CONFLICT'],
      [mine && quote.ttlMs !== ttlMs, 'E_CONFLICT'],
      [mine && maxCost > quote.maxCost, 'E_CONFLICT'],
      [now + ttlMs > until, 'E_CONFLICT'],
      [resource.kind === 'storage' && holds, 'E_CONFLICT'],
      [leases.some((lease) => lease.tokenHash === proof.tokenHash), 'E_CONFLICT'],
      [!enough, 'E_INSUFFICIENT_FUNDS'],
      [budget !== undefined, budget ?? 'E_FORBIDDEN'],
    )
  }),
  law(completeLease, ({ params, state, who }) => {
    const lease = state.get(Leases, params.leaseId)
    if (lease === undefined || lease.consumerActorId !== actor(who)) return ['E_NOT_FOUND']
    return unless([lease.status !== 'lease_active', 'E_CONFLICT'])
  }),
  law(revokeLease, ({ params, state, who }) => {
    const lease = state.get(Leases, params.leaseId)
    const by = actor(who)
    if (lease === undefined || (lease.consumerActorId !== by && lease.providerActorId !== by))
      return ['E_NOT_FOUND']
    return unless([lease.status !== 'lease_active', 'E_CONFLICT'])
  }),
  law(expireLease, ({ params, state, now }) => {
    const lease = state.get(Leases, params.leaseId)
    if (lease === undefined) return ['E_NOT_FOUND']
    return unless([now < lease.expiresAt || lease.status !== 'lease_active', 'E_CONFLICT'])
  }),
  law(accrueStorage, ({ params, state }) => {
    const lease = state.get(Leases, params.leaseId)
    if (lease === undefined) return ['E_NOT_FOUND']
    return unless([lease.status !== 'lease_active' || lease.accruedAt === undefined, 'E_CONFLICT'])
  }),
  law(closeSettlement, ({ params, state, now }) => {
    const settlement = state.get(Settlements, params.settlementId)
    if (settlement === undefined) return ['E_NOT_FOUND']
    const { closesAt = Infinity, status } = settlement
    return unless([now < closesAt || status !== 'settlement_locked', 'E_CONFLICT'])
  }),
]
