import { Type } from '@sinclair/typebox'
import { UsageRecords } from '@openclaw-market/protocol/entities/lease'
import { LeaseId, ResourceId } from '@openclaw-market/protocol/ids'
import { query } from '@openclaw-market/protocol/operation'
import { ledgerPaging, nextCursor } from '@openclaw-market/protocol/schema/paging'
import { ActorId, closed, Timestamp } from '@openclaw-market/protocol/schema/scalars'
import { showUsageRecord, UsageRecordView } from '@openclaw-market/protocol/views/lease'
import { given, next, page } from '../page.ts'

export const usageFilter = {
  leaseId: Type.Optional(LeaseId),
  resourceId: Type.Optional(ResourceId),
  providerActorId: Type.Optional(ActorId),
  consumerActorId: Type.Optional(ActorId),
  since: Type.Optional(Timestamp),
  until: Type.Optional(Timestamp),
}

export const listUsage = query({
  name: 'market.ledger.list',
  summary: 'Usage records that one may see, newest first.',
  scope: 'read',
  params: closed({ ...usageFilter, ...ledgerPaging }),
  result: closed({ entries: Type.Array(UsageRecordView), nextCursor }),
  errors: [],
  callers: ['node', 'wallet', 'operator'],
  async answer(tx, { since, until, limit, cursor, ...where }) {
    const listed = await tx.list(UsageRecords, {
      where: given(where),
      ...between(since, until),
      ...page(limit ?? 200, cursor),
    })
    return { entries: listed.items.map(showUsageRecord), ...next(listed) }
  },
})

/** From `since` on, up to and with `until`. */
export function between(since: number | undefined, until: number | undefined) {
  return {
    ...(since === undefined ? {} : { atLeast: { field: 'createdAt' as const, value: since } }),
    ...(until === undefined ? {} : { atMost: { field: 'createdAt' as const, value: until } }),
  }
}
