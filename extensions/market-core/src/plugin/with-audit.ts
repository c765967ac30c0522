import type { TObject } from '@sinclair/typebox'
import type { QueryOperation } from '@openclaw-market/protocol/operation'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { AuditStatus } from '@openclaw-market/protocol/views/log'
import type { MarketMethod } from './method.ts'

/** An operation whose answer says besides how the log stands: the same figures wherever they are shown. */
export function withAudit<P extends TObject, R extends TObject>(op: QueryOperation<P, R>): MarketMethod {
  return {
    contract: { ...op, result: closed({ ...op.result.properties, audit: AuditStatus }) },
    async call(market, json, who) {
      const answer = await market.run(op, json, who)
      return answer.ok ? { ...answer, audit: codec(AuditStatus).encode(await market.log.status()) } : answer
    },
  }
}
