import { Spends, type Spend } from '@openclaw-market/protocol/entities/policy'
import { timeOf } from '@openclaw-market/protocol/ids'
import type { ReadTx } from '@openclaw-market/protocol/reading'

const pageSize = 100
/** Between the time of a write and that of an id which it gives. */
const clockSlackMs = 60_000

/**
 * Newest first. It reads no further back than that: ids rise with time, however a clock is set, so that the first older one ends
 * it, and what a decision costs does not grow with all that was ever spent.
 */
export async function* spendsSince(
  tx: Pick<ReadTx, 'list'>,
  where: Partial<Pick<Spend, 'actorId' | 'session'>>,
  since: number,
): AsyncGenerator<Spend> {
  let cursor: string | undefined
  do {
    const page = await tx.list(Spends, {
      where,
      limit: pageSize,
      ...(cursor === undefined ? {} : { cursor }),
    })
    for (const spend of page.items) {
      if (timeOf(spend.spendId) < since - clockSlackMs) return
      if (spend.createdAt >= since) yield spend
    }
    cursor = page.nextCursor
  } while (cursor !== undefined)
}
