/** What the capabilities about stored files have in common. */
import { Type } from '@sinclair/typebox'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import type { UnitTotals } from '@openclaw-market/protocol/money/units'
import { closed, Timestamp } from '@openclaw-market/protocol/schema/scalars'
import type { Facts } from '../../capabilities/capability.ts'
import { exactly, type Agreement } from '../receipt.ts'

/** As far as a pattern can say what `checkPath` holds: no empty part, no `.` or `..`, no name of ours, no drive. */
export const FilePath = Type.String({
  maxLength: 512,
  pattern:
    '^(?!.*(^|/)(\\.{1,2}|\\.[oO][cC][mM][^/]*)?(/|$))(?![A-Za-z]:)[^\\\\\\u0000-\\u001f\\u007f-\\u009f]+$',
  description: 'relative, parts separated by /, e.g. notes/today.md',
})
export const Mime = Type.String({ pattern: '^[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,63}$' })
export const File = { etag: Type.String(), size: Type.Integer(), createdAt: Timestamp }

/** A line of a list. */
export const FileLine = closed({ path: Type.String(), mime: Type.String(), ...File })

export const errors = [
  'E_NOT_FOUND',
  'E_CONFLICT',
  'E_QUOTA_EXCEEDED',
  'E_APPROVAL_REQUIRED',
  'E_EXPIRED',
  'E_REVOKED',
  'E_RATE_LIMITED',
  'E_PAYLOAD_TOO_LARGE',
  'E_UNSUPPORTED_MEDIA',
  'E_TIMEOUT',
  'E_OUTCOME_UNKNOWN',
] as const

const meanings: Facts['errors'] = {
  E_INVALID_ARGUMENT:
    'the path is not in Unicode normal form C or a part of it has over 128 bytes, or no list gave that cursor',
  E_NOT_FOUND: "there is no such file, or no active storage lease here and no storage of the owner's own",
  E_CONFLICT: 'another path is in the way (a folder, or one that differs by letter case only)',
  E_QUOTA_EXCEEDED: 'the lock of the lease or an allowance is spent, or its space is full',
  E_APPROVAL_REQUIRED: 'the owner approves details.approvalId; repeat the very same then',
  E_EXPIRED: 'the lease has ended',
  E_REVOKED: 'the lease was revoked',
  E_RATE_LIMITED: 'too many calls in this minute or at once; details.retryAfterSeconds',
  E_PAYLOAD_TOO_LARGE: 'the file is larger than the policy of the resource allows',
  E_UNSUPPORTED_MEDIA: 'the policy of the resource does not allow this type',
  E_TIMEOUT: 'the storage is too slow',
  E_OUTCOME_UNKNOWN: 'the answer was lost; the call may have been billed',
}

/** What the three have in common. */
export const facts = {
  group: 'storage',
  fallback: 'storage',
  errors: meanings,
  doors: ['gateway', 'tool'],
  actor: 'consumer',
  prerequisites: [{ is: 'lease_active', kind: 'storage', param: 'leaseId' }],
} as const

export const timeoutMs = 120_000

/** The usage as we counted it, and the hash that of the bytes that went over. */
export function exactlyOf(counted: UnitTotals, bytes: Buffer, etag: string): Agreement {
  const asCounted = exactly(counted)
  return (stated) => etag === sha256Hex(bytes) && asCounted(stated)
}
