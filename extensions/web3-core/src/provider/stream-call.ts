/**
 * A call whose answer is forwarded while it runs (DESIGN §8.4). The head goes out with the first chunk, so that all that
 * goes wrong before is an ordinary answer. Afterwards a stream ends in one of four ways, and is billed what was delivered
 * in each:
 *
 * - whole, or cut at the budget: usage chunk, `[DONE]`; outcome `done`
 * - broken (upstream, time): an error event and no `[DONE]`; outcome `failed`
 * - left by its caller: the upstream is stopped; outcome `failed`, since nobody has the whole answer
 * - not recorded: an error event that says so; the call stays open in the store
 *
 * The hash on record is over all bytes before the usage chunk or the error event.
 */
import type { AdmittedCall } from '@openclaw-market/market-core'
import { MarketError } from '@openclaw-market/protocol/errors'
import type { Answer } from './answer.ts'
import type { ChatChunk, ChatStreamAnswer } from './backends/backend.ts'
import { callerLeft, callStop, type CallStop } from './call-stop.ts'
import type { Serving } from './environment.ts'
import { eventSink } from './event-sink.ts'
import type { Exchange, StreamJob } from './exchange.ts'
import { describeDefect } from './faults.ts'
import { forward } from './forward-stream.ts'
import { closeStream } from './close-stream.ts'
import { streamMeter } from './stream-meter.ts'
import { admit, failed, opened } from './whole-call.ts'

/** A stream that has its first chunk. */
export interface Begun {
  readonly answer: ChatStreamAnswer
  readonly chunks: AsyncIterator<ChatChunk>
  readonly first: IteratorResult<ChatChunk>
}

/** @returns an answer when nothing was streamed. @throws MarketError when the call was not opened, or its outcome is unknown. */
export async function serveStream(
  serving: Serving,
  exchange: Exchange,
  job: StreamJob,
): Promise<Answer | undefined> {
  const { response, policy, lease, requestId, bodyHash, chosen } = exchange
  const call = await admit(serving, exchange, job.demand)
  const stop = callStop(policy.maxCallMs)
  const left = (): void => stop.abort(callerLeft())
  response.once('close', left)
  if (response.destroyed) left()
  try {
    const request = job.request(call)
    const begun = await begin(serving, call, stop, () => job.backend.chat(request, stop.signal))
    if (begun instanceof Error) {
      const answer = await failed(serving, exchange, call, begun)
      if (chosen) serving.replays.keep(lease.leaseId, requestId, bodyHash, answer)
      return answer
    }
    const sink = eventSink(response, chosen ? serving.replays.maxAnswerBytes : 0)
    const meter = streamMeter({
      call,
      request,
      now: serving.now,
      checkpointMs: serving.checkpointMs ?? 1_000,
      missed: (error) =>
        serving.report(
          'a checkpoint',
          new MarketError('E_INTERNAL', `call ${call.callId}: ${describeDefect(error)}`),
        ),
    })
    sink.open({
      'x-openclaw-request-id': requestId,
      'x-request-id': requestId,
      'x-openclaw-currency': lease.currency,
    })
    const end = await forward(begun, { sink, meter, stop })
    await closeStream(serving, exchange, { call, job, begun, sink, meter, end })
    const whole = chosen ? sink.kept() : undefined
    if (whole !== undefined) serving.replays.keep(lease.leaseId, requestId, bodyHash, whole)
    return undefined
  } finally {
    response.off('close', left)
    stop.over()
  }
}

/** @returns why there is no first chunk. @throws when the call was not opened. */
async function begin(
  serving: Serving,
  call: AdmittedCall,
  stop: CallStop,
  start: () => Promise<ChatStreamAnswer>,
): Promise<Begun | Error> {
  const starting = firstChunk(start).catch((error: unknown) =>
    error instanceof Error ? error : new Error('thrown'),
  )
  await opened(serving, call, stop, starting)
  return starting
}

async function firstChunk(start: () => Promise<ChatStreamAnswer>): Promise<Begun> {
  const answer = await start()
  const chunks = answer.chunks[Symbol.asyncIterator]()
  return { answer, chunks, first: await chunks.next() }
}
