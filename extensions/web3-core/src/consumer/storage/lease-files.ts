/** The files in a lease, a page at a time. */
import { Type } from '@sinclair/typebox'
import type { LeaseId } from '@openclaw-market/protocol/ids'
import { nextCursor } from '@openclaw-market/protocol/schema/paging'
import type { Call } from '../../capabilities/capability.ts'
import type { LeaseAnswer } from '../call-lease.ts'
import { readJson } from '../read-json.ts'
import { exactly, keepReceipt } from '../receipt.ts'
import { throughLease, type Unserved } from '../unserved.ts'
import { errors, FileLine, timeoutMs } from './file.ts'

export interface FilesAsked {
  readonly prefix?: string
  readonly limit?: number
  readonly cursor?: string
}

const Listed = Type.Object({ files: Type.Array(FileLine), nextCursor })

export function pageOf(
  call: Call,
  leaseId: LeaseId | undefined,
  ask: FilesAsked,
): Promise<LeaseAnswer | Unserved> {
  return throughLease(call, 'storage', leaseId, {
    method: 'POST',
    path: '/web3/resources/storage/list',
    body: ask,
    timeoutMs,
    errors,
    demand: { uses: {} },
  })
}

export async function filesOf({ web3 }: Call, answer: LeaseAnswer) {
  const { files, nextCursor: following } = await readJson(Listed, web3, answer)
  const servedBy = await keepReceipt(web3, answer, {}, exactly({}))
  const { leaseId } = answer.entry
  return { files, leaseId, servedBy, ...(following === undefined ? {} : { nextCursor: following }) }
}
