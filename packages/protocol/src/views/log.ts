/** What is told of the log: what was signed, proofs that can be checked without us, and how the log stands. */
import { Type, type Static } from '@sinclair/typebox'
import { CheckpointSchema, type Checkpoint } from '../entities/log.ts'
import { EventId } from '../ids.ts'
import { closed, literals } from '../schema/scalars.ts'
import { show, shown } from './hide.ts'

const Count = Type.Integer({ minimum: 0 })
const hidden = ['rev', 'checkpointKey'] as const

export const CheckpointView = shown(CheckpointSchema, hidden)
export type CheckpointView = Static<typeof CheckpointView>

export function showCheckpoint(checkpoint: Checkpoint): CheckpointView {
  return show(checkpoint, CheckpointSchema, hidden)
}

const Hash = Type.String({ pattern: '^[A-Za-z0-9+/]{43}=$' })
const Path = Type.Array(Hash, { maxItems: 128, description: 'hashes of RFC 6962, base64' })

export const VerifierKey = Type.String({ description: 'C2SP signed-note key: name, id, Ed25519 key' })

/** Shows that one event is among those that a checkpoint covers. */
export const InclusionProof = closed({
  eventId: EventId,
  event: Type.String({ description: 'the event as RFC 8785 JSON: the bytes of the leaf' }),
  index: Type.Integer({ minimum: 0, description: 'its place in the log' }),
  proof: Path,
  checkpoint: CheckpointView,
  key: VerifierKey,
})
export type InclusionProof = Static<typeof InclusionProof>

/** What was signed last, and that what was signed before is its beginning. */
export const SignedLog = closed({
  checkpoint: Type.Optional(CheckpointView),
  since: Type.Optional(
    closed({ size: Count, proof: Path }, { description: 'consistency with the first `size` events' }),
  ),
  key: VerifierKey,
})
export type SignedLog = Static<typeof SignedLog>

/** Whether what was logged is still what stands there. */
export const VerifiedLog = closed({
  holds: Type.Boolean(),
  size: Count,
  upTo: Type.Integer({ minimum: 0, description: 'events from the first on that are as they were logged' }),
  problem: Type.Optional(Type.String()),
  checkpoint: Type.Optional(CheckpointView),
})
export type VerifiedLog = Static<typeof VerifiedLog>

export const AuditStatus = closed({
  size: Type.Integer({ minimum: 0, description: 'events in the log' }),
  /** Without its note. */
  checkpoint: Type.Optional(shown(CheckpointSchema, [...hidden, 'note'])),
  key: VerifierKey,
  past: Type.Unsafe<'holds' | 'checking' | 'rewritten'>({
    ...literals(['holds', 'checking', 'rewritten']),
    description: 'since the start: all is as it was signed; so far; or not',
  }),
})
export type AuditStatus = Static<typeof AuditStatus>
