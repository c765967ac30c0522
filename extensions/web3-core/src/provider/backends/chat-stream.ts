/** A stream of chunks, pulled by the caller, that always says how it ended. */
import { isMarketError } from '@openclaw-market/protocol/errors'
import type {
  ChatChunk,
  ChatRequest,
  ChatStreamAnswer,
  FinishReason,
  StreamState,
  UpstreamUsage,
} from './backend.ts'
import { readChunk, reportsError } from './chat-shapes.ts'
import { upstreamFailure, type Report } from './failures.ts'
import { jsonOf } from './json.ts'
import { SseParser, SseTooLong } from './sse-parser.ts'
import type { UpstreamBody } from './upstream-fetch.ts'

const maxEvent = 1_048_576
/** After the finish reason only usage and `[DONE]` can follow; nobody waits long for them. */
const tailMs = 5_000

export interface ChatStreamSource {
  readonly body: UpstreamBody
  readonly as: ChatRequest['answerAs']
  readonly created: number
  readonly maxBytes: number
  readonly firstWithinMs: number
  readonly idleMs: number
  readonly signal: AbortSignal
  readonly report: Report
}

export function openChatStream(source: ChatStreamSource): ChatStreamAnswer {
  const { body, signal, report } = source
  let state: StreamState = 'open'
  let finishReason: FinishReason | undefined
  let usage: UpstreamUsage | undefined
  let received = 0
  let any = false

  const malformed = (reason: string): Error => {
    report(reason)
    return upstreamFailure('malformed')
  }

  /** The chunk of one event, if it has one; takes note of all else that it says. */
  function take(data: string): ChatChunk | undefined {
    const json = jsonOf(data)
    if (reportsError(json)) {
      report('error-event')
      throw upstreamFailure('error')
    }
    const event = readChunk(json, source.as, source.created)
    if (event === undefined) throw malformed('not-a-chunk')
    usage = event.usage ?? usage
    if (event.chunk === undefined) return undefined
    any = true
    finishReason = event.chunk.choices[0].finish_reason ?? finishReason
    return event.chunk
  }

  async function nextBytes(): Promise<Uint8Array | undefined> {
    const wait =
      finishReason === undefined
        ? received === 0
          ? source.firstWithinMs
          : source.idleMs
        : Math.min(tailMs, source.idleMs)
    try {
      const bytes = await body.read(wait)
      received += bytes?.byteLength ?? 0
      if (received > source.maxBytes) throw malformed('too-large')
      return bytes
    } catch (error) {
      body.cancel()
      // The answer is whole already; only the usage is missing, and that can be counted.
      if (finishReason !== undefined && !signal.aborted) return undefined
      throw error
    }
  }

  async function* read(): AsyncGenerator<ChatChunk, void, undefined> {
    const parser = new SseParser({ maxEvent })
    for (let ended = false; !ended;) {
      const bytes = await nextBytes()
      ended = bytes === undefined
      for (const data of bytes === undefined ? parser.finish() : parser.push(bytes)) {
        if (data.trim() === '[DONE]') {
          if (!any) throw malformed('empty-stream')
          state = 'complete'
          void drain(body)
          return
        }
        const chunk = take(data)
        if (chunk !== undefined) yield chunk
      }
    }
    if (finishReason === undefined) {
      report('ended-early')
      throw upstreamFailure(any ? 'error' : 'malformed')
    }
    state = 'complete'
  }

  async function* watched(): AsyncGenerator<ChatChunk, void, undefined> {
    try {
      yield* read()
    } catch (error) {
      // Left by the caller while a read was under way: nothing is broken.
      if (isCut()) return
      state = signal.aborted ? 'cut' : 'broken'
      if (error instanceof SseTooLong) throw malformed('event-too-long')
      throw isMarketError(error) ? error : upstreamFailure('error')
    } finally {
      leave()
    }
  }

  const isCut = (): boolean => state === 'cut'
  function leave(): void {
    if (state === 'open') state = 'cut'
    if (state !== 'complete') body.cancel()
  }

  const generator = watched()
  const chunks: AsyncIterableIterator<ChatChunk> = {
    [Symbol.asyncIterator]: () => chunks,
    next: () => generator.next(),
    // A generator that has not started, or is waiting, would not notice; the upstream must stop now.
    return() {
      leave()
      return generator.return()
    },
  }
  return {
    stream: true,
    chunks,
    end: () => ({
      state,
      ...(finishReason === undefined ? {} : { finishReason }),
      ...(usage === undefined ? {} : { usage }),
    }),
  }
}

/** Reads the few bytes after `[DONE]`, so that the connection can serve the next call. */
async function drain(body: UpstreamBody): Promise<void> {
  try {
    for (let i = 0; i < 8; i++) if ((await body.read(1_000)) === undefined) return
  } catch {
    // It closed itself, which is all that was wanted.
  }
  body.cancel()
}
