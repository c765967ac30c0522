import { Type } from '@sinclair/typebox'
import { LeaseId } from '@openclaw-market/protocol/ids'
import { UsageOrNone } from '@openclaw-market/protocol/money/price'
import {
  Amount,
  closed,
  line,
  literals,
  RequestId,
  Sha256Hex,
} from '@openclaw-market/protocol/schema/scalars'

/** What a provider says of one call. What it costs is not its to say. */
export const UsageEntry = closed({
  leaseId: LeaseId,
  usage: UsageOrNone,
  requestId: RequestId,
  outcome: literals(
    ['done', 'failed', 'unknown'],
    'how the call ended; unknown: it may be corrected within the window',
  ),
  cost: Type.Optional(
    Type.Unsafe<bigint>({ ...Amount, description: 'compared with the computed cost, never believed' }),
  ),
  responseHash: Type.Optional(Sha256Hex),
  storedBytes: Type.Optional(
    Type.Unsafe<bigint>({ ...Amount, description: 'storage: bytes that the lease keeps after this call' }),
  ),
  sessionId: Type.Optional(line(1, 128)),
  runId: Type.Optional(line(1, 128)),
})
