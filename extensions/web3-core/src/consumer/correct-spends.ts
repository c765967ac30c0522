/**
 * What the records of a lease say of calls that had come to less when they were settled: a provider that has refused a call
 * may bill it later. Whenever records are seen, what they say counts.
 */
import { callSpendKey } from '@openclaw-market/market-core'
import { Spends } from '@openclaw-market/protocol/entities/policy'
import type { LeaseId } from '@openclaw-market/protocol/ids'
import type { UsageRecordView } from '@openclaw-market/protocol/views/lease'
import type { Call } from '../capabilities/capability.ts'
import { settleSpendOf } from './budget.ts'
import { actsAsNode } from './markets.ts'

export async function correctSpends(
  { web3, who }: Call,
  leaseId: LeaseId,
  records: readonly Pick<UsageRecordView, 'requestId' | 'cost'>[],
): Promise<void> {
  if (!actsAsNode(who)) return
  const short = await web3.market().store.read({ as: 'market' }, async (tx) => {
    const found = []
    for (const { requestId, cost } of records) {
      const spendKey = callSpendKey(leaseId, requestId)
      const known = (await tx.find(Spends, 'spendKey', spendKey))?.cost
      if (known !== undefined && known < cost) found.push({ spendKey, cost })
    }
    return found
  })
  for (const { spendKey, cost } of short) await settleSpendOf(web3, spendKey, cost)
}
