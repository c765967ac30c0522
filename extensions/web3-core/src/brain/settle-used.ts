/**
 * Post-paid leases that a conversation has used and that outlive it: what they have cost so far is paid when it ends
 * (DESIGN §9). Of this gateway's own market alone: another market has no door by which a lease tells what it draws on.
 */
import { settleCredit, settlementOfLease } from '@openclaw-market/market-core'
import { isMarketError } from '@openclaw-market/protocol/errors'
import type { LeaseId } from '@openclaw-market/protocol/ids'
import type { StatementLine } from '@openclaw-market/protocol/entities/session-statement'
import { runLocal } from '../capabilities/through-market.ts'
import { localName } from '../consumer/markets.ts'
import { nodePrincipal } from '../consumer/node-principal.ts'
import type { Web3 } from '../plugin/web3.ts'

/** Again and again moves nothing twice: what is paid is due no more. @throws MarketError */
export async function settleUsed(
  web3: Web3,
  used: readonly Pick<StatementLine, 'leaseId' | 'market'>[],
): Promise<void> {
  for (const { leaseId, market } of used) {
    if (market === localName) await settleLease(web3, leaseId)
  }
}

async function settleLease(web3: Web3, leaseId: LeaseId): Promise<void> {
  const market = web3.market()
  const who = nodePrincipal(market)
  const { lease, settlement } = await runLocal(market, settlementOfLease, { id: leaseId }, who)
  const { creditLineId, releasedSoFar } = settlement
  // One that is over is paid by its end.
  if (creditLineId === undefined || lease.status !== 'lease_active' || lease.metered === releasedSoFar) return
  try {
    await runLocal(market, settleCredit, { creditLineId, leaseId }, who)
  } catch (error) {
    // Then it is paid with the lease, as it would have been without this.
    if (!isMarketError(error) || error.code !== 'E_INSUFFICIENT_FUNDS') throw error
  }
}
