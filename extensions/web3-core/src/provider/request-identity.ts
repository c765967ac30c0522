import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { codec, invalidArgument } from '@openclaw-market/protocol/schema/codec'
import { RequestId } from '@openclaw-market/protocol/schema/scalars'

export interface RequestIdentity {
  readonly requestId: string
  /** The caller gave it, so it may have been used before and the answer is kept for the next time. */
  readonly chosen: boolean
}

/** @throws MarketError E_INVALID_ARGUMENT when the caller's id has not the form of one. */
export function identityOf(request: IncomingMessage): RequestIdentity {
  const given = request.headers['x-openclaw-request-id']
  if (given === undefined) return { requestId: `req_${randomBytes(16).toString('hex')}`, chosen: false }
  const pointer = '/headers/x-openclaw-request-id'
  const problem = codec(RequestId).problem(given)
  if (problem !== undefined || typeof given !== 'string') {
    throw invalidArgument({
      pointer,
      rule: problem?.rule ?? 'type',
      message: 'is not 8 to 128 of letters, digits, . _ : -',
    })
  }
  // The ledger names what it accrues by itself so; a call must not pass for one of these.
  if (given.startsWith('accrual:')) {
    throw invalidArgument({ pointer, rule: 'reserved', message: 'must not begin with accrual:' })
  }
  // It is echoed and kept in the records of the call, where no token may stand.
  if (request.headers.authorization?.includes(given) === true)
    throw invalidArgument({ pointer, rule: 'secret', message: 'must not be a part of the token' })
  return { requestId: given, chosen: true }
}

/** What a request id stands for: SHA-256 over method, path with query, and the raw body. */
export function hashRequest(method: string, target: string, body: Uint8Array): string {
  return createHash('sha256').update(`${method}\n${target}\n`).update(body).digest('hex')
}
