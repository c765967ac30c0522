/**
 * Puts on record what the host tells of conversations, beside them: nobody waits for it and nothing of it is thrown at the
 * host. How much may wait is bounded; what had to be dropped is counted, and the count goes on record.
 */
import { recordConversation, type Market } from '@openclaw-market/market-core'
import { codec } from '@openclaw-market/protocol/schema/codec'
import type { Told } from './facts.ts'

export interface ConversationRecorder {
  /** @param make works on what the host holds, so it is called soon, after the host has gone on */
  record(make: () => Told): void
  /** After what is under way, and with what was dropped on record as far as it can be. */
  settled(): Promise<void>
  /** Events since the start that are not on record. */
  dropped(): number
}

/** What a process that is killed loses at most, and does not count. */
export const mostWaiting = 256

export function conversationRecorder(
  market: () => Market,
  report: (what: string, error: unknown) => void,
): ConversationRecorder {
  const waiting = new Set<Promise<void>>()
  let dropped = 0
  /** Of them, those that no event tells of yet. */
  let untold = 0
  const drop = (): void => {
    dropped += 1
    untold += 1
  }
  const write = async ({ type, facts }: Told): Promise<void> => {
    const at = market()
    const params = codec(recordConversation.params).encode({ type, facts })
    const answer = await at.run(recordConversation, params, { kind: 'market', actorId: at.address })
    if (!answer.ok) throw new Error(answer.error)
  }
  const tell = async (): Promise<void> => {
    // Taken at once, so that of all that are under way one tells of them.
    const missing = untold
    untold = 0
    try {
      if (missing > 0) await write({ type: 'host.dropped', facts: { dropped: missing } })
    } catch (error) {
      untold += missing
      throw error
    }
  }
  const attempt = async (make: () => Told): Promise<void> => {
    await new Promise<void>((soon) => setImmediate(soon))
    try {
      await tell()
      await write(make())
    } catch (error) {
      drop()
      report('audit of the conversation', error)
    }
  }
  return {
    record(make) {
      if (waiting.size >= mostWaiting) {
        drop()
        return
      }
      const work = attempt(make).finally(() => waiting.delete(work))
      waiting.add(work)
    },
    async settled() {
      while (waiting.size > 0) await Promise.all(waiting)
      await tell().catch((error: unknown) => report('audit of the conversation', error))
    },
    dropped: () => dropped,
  }
}
