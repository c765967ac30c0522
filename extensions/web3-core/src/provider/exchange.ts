import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AdmittedCall, Demand } from '@openclaw-market/market-core'
import type { UnitTotals } from '@openclaw-market/protocol/money/units'
import type { Answer, Dialect } from './answer.ts'
import type { ChatRequest, ModelBackend } from './backends/backend.ts'
import type { Leaseholder } from './environment.ts'
import type { RequestIdentity } from './request-identity.ts'

/** One request of a leaseholder, read and understood as far as its kind of route needs. */
export interface Exchange extends Leaseholder, RequestIdentity {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly dialect: Dialect
  readonly query: URLSearchParams
  readonly body: Uint8Array
  readonly bodyHash: string
}

/** What a whole answer is made of. */
export interface Made {
  readonly answer: Answer
  readonly usage: UnitTotals
  readonly storedBytes?: bigint
}

/** A call whose answer is sent when it is complete and billed. */
export interface WholeJob {
  readonly kind: 'whole'
  readonly demand: Demand
  /** The work changes something: it begins when the call is on disk, and is not stopped by the caller's leaving. */
  readonly changes: boolean
  /** Waits for others of its kind, from the work to the end of the call. */
  readonly inTurn?: (work: () => Promise<Answer>) => Promise<Answer>
  run(call: AdmittedCall, signal: AbortSignal): Promise<Made>
}

/** A call that is forwarded while it runs. */
export interface StreamJob {
  readonly kind: 'stream'
  readonly demand: Demand & { readonly stretch: NonNullable<Demand['stretch']> }
  readonly backend: ModelBackend
  /** The caller wants OpenAI's usage chunk, with no choice in it. */
  readonly includeUsage: boolean
  request(call: AdmittedCall): ChatRequest & { readonly stream: true }
}

export type Job = WholeJob | StreamJob
