/** Keeps count of a stream while it runs, and writes down how far it has got. */
import type { AdmittedCall } from '@openclaw-market/market-core'
import type { ChatChunk, ChatMessage, ChatRequest, UpstreamUsage } from './backends/backend.ts'
import { deliveredBytes } from './backends/count-tokens.ts'
import { chatUsage, type ChatUsage } from './chat-usage.ts'
import { lenientBytes, withinBytes } from './overrun.ts'

export interface StreamMeter {
  /** What of this chunk may still be delivered, when not all of it: the stream ends with it. */
  beyond(chunk: ChatChunk, claimed: UpstreamUsage | undefined): ChatMessage | undefined
  /** It has been handed to the caller. */
  delivered(chunk: ChatChunk): void
  /** Bytes of text, reasoning and tool calls that were handed over. */
  bytes(): number
  usage(claimed: UpstreamUsage | undefined): ChatUsage
  /** Writes a checkpoint when the last is old enough and there is something new. Does not wait for it. */
  checkpoint(): void
  /** The checkpoint that is under way, if any, is over. */
  settled(): Promise<void>
}

export function streamMeter(env: {
  readonly call: AdmittedCall
  readonly request: ChatRequest
  readonly now: () => number
  readonly checkpointMs: number
  readonly missed: (error: unknown) => void
}): StreamMeter {
  const { call, request, now, checkpointMs, missed } = env
  const limit = lenientBytes(request.maxTokens)
  let bytes = 0
  let written = 0
  let at = now()
  let writing: Promise<void> | undefined
  return {
    beyond(chunk, claimed) {
      const over = bytes + deliveredBytes(chunk) > limit
      // Some servers count aloud; when they say that the grant is passed, it is.
      const counted = claimed !== undefined && claimed.outputTokens > request.maxTokens
      return over || counted ? withinBytes(chunk.choices[0].delta, limit - bytes) : undefined
    },
    delivered(chunk) {
      bytes += deliveredBytes(chunk)
    },
    bytes: () => bytes,
    usage: (claimed) => chatUsage(request, bytes, claimed),
    checkpoint() {
      if (writing !== undefined || bytes === written || now() - at < checkpointMs) return
      at = now()
      written = bytes
      writing = call
        .checkpoint({ ...chatUsage(request, bytes, undefined) })
        .catch(missed)
        .finally(() => (writing = undefined))
    },
    settled: async () => writing,
  }
}
