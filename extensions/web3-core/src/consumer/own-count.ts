/** Our own books of a lease beside the provider's: where they disagree is evidence (DESIGN §8.4). */
import { Type } from '@sinclair/typebox'
import { ConsumerReceipts, type ConsumerReceipt } from '@openclaw-market/protocol/entities/records'
import type { LeaseId } from '@openclaw-market/protocol/ids'
import { toTotals } from '@openclaw-market/protocol/money/price'
import { units } from '@openclaw-market/protocol/money/units'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import type { UsageRecordView } from '@openclaw-market/protocol/views/lease'
import type { Call } from '../capabilities/capability.ts'
import { actsAsNode } from './markets.ts'

export const OwnCount = closed({
  calls: Type.Integer({ description: 'calls that this gateway made and counted itself' }),
  disagreeing: Type.Array(Type.String(), {
    description:
      'newest 200 request ids whose usage, as the provider states or records it, is not what we counted',
  }),
})

const pageSize = 500
/** Beyond so many the count says so much and no more. */
const mostReceipts = 20_000
const shown = 200

export async function ownCount({ web3, who }: Call, leaseId: LeaseId, records: readonly UsageRecordView[]) {
  if (!actsAsNode(who)) return { calls: 0, disagreeing: [] }
  const recorded = new Map(records.map((record) => [record.requestId, record]))
  const disagreeing: string[] = []
  let calls = 0
  let cursor: string | undefined
  do {
    const page = await web3.market().store.read({ as: 'market' }, (tx) =>
      tx.list(ConsumerReceipts, {
        where: { leaseId },
        limit: pageSize,
        ...(cursor === undefined ? {} : { cursor }),
      }),
    )
    calls += page.items.length
    for (const receipt of page.items) {
      if (!agrees(receipt, recorded.get(receipt.requestId))) disagreeing.push(receipt.requestId)
    }
    cursor = page.nextCursor
  } while (cursor !== undefined && calls < mostReceipts)
  return { calls, disagreeing: disagreeing.slice(0, shown) }
}

/** What the answer stated must be what we counted, and what the books say must be what the answer stated. */
function agrees(receipt: ConsumerReceipt, record: UsageRecordView | undefined): boolean {
  if (!receipt.agrees || record === undefined) return receipt.agrees
  const [stated, billed] = [toTotals(receipt.stated), toTotals(record.usage)]
  if (receipt.statedCost !== undefined && receipt.statedCost !== record.cost) return false
  return units.every((unit) => (stated[unit] ?? 0n) === (billed[unit] ?? 0n))
}
