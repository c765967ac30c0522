/**
 * Answers that can be given again (DESIGN §11): kept in memory, bounded in number, bytes and time. What is no longer here
 * is not lost track of: the ledger knows that the request was executed, and the gate says so.
 */
import type { Answer } from './answer.ts'

export interface ReplayBounds {
  /** Default 10 minutes. */
  readonly keepMs: number
  /** Of all answers together. Default 64 MiB. */
  readonly maxBytes: number
  /** Of one answer; a larger one is not kept. Default an eighth of `maxBytes`. */
  readonly maxAnswerBytes: number
  /** Default 10 000. */
  readonly maxAnswers: number
}

export interface ReplayStore {
  readonly maxAnswerBytes: number
  /** The answer that this very request has had; undefined when it is not known, or another body was sent. */
  find(leaseId: string, requestId: string, bodyHash: string): Answer | undefined
  keep(leaseId: string, requestId: string, bodyHash: string, answer: Answer): void
}

interface Kept {
  readonly bodyHash: string
  readonly answer: Answer
  readonly until: number
  readonly bytes: number
}

/** Keys, hashes and headers, roughly. */
const overhead = 1_024

export function replayStore(now: () => number, given: Partial<ReplayBounds> = {}): ReplayStore {
  const { keepMs = 600_000, maxBytes = 67_108_864, maxAnswers = 10_000 } = given
  const maxAnswerBytes = given.maxAnswerBytes ?? Math.floor(maxBytes / 8)
  // In order of keeping, which is the order of forgetting.
  const kept = new Map<string, Kept>()
  let bytes = 0

  const forget = (key: string): void => {
    bytes -= kept.get(key)?.bytes ?? 0
    kept.delete(key)
  }
  const makeRoom = (): void => {
    for (const [key, { until }] of kept) {
      if (until > now() && bytes <= maxBytes && kept.size <= maxAnswers) return
      forget(key)
    }
  }
  return {
    maxAnswerBytes,
    find(leaseId, requestId, bodyHash) {
      makeRoom()
      const found = kept.get(`${leaseId}/${requestId}`)
      return found?.bodyHash === bodyHash ? found.answer : undefined
    },
    keep(leaseId, requestId, bodyHash, answer) {
      if (answer.body.byteLength > maxAnswerBytes) return
      const key = `${leaseId}/${requestId}`
      forget(key)
      const size = answer.body.byteLength + overhead
      kept.set(key, { bodyHash, answer, until: now() + keepMs, bytes: size })
      bytes += size
      makeRoom()
    },
  }
}
