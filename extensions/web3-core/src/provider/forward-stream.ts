import type { ChatChunk, FinishReason } from './backends/backend.ts'
import type { CallStop } from './call-stop.ts'
import type { EventSink } from './event-sink.ts'
import type { Begun } from './stream-call.ts'
import type { StreamMeter } from './stream-meter.ts'

/** How the forwarding ended. */
export type StreamEnding =
  | { readonly how: 'whole' | 'cut'; readonly finish: FinishReason | undefined }
  | { readonly how: 'broken'; readonly error: unknown }
  | { readonly how: 'left' }

/** Hands each chunk on as it comes, until the upstream, the budget, the time or the caller ends it. Never throws. */
export async function forward(
  { answer, chunks, first }: Begun,
  { sink, meter, stop }: { readonly sink: EventSink; readonly meter: StreamMeter; readonly stop: CallStop },
): Promise<StreamEnding> {
  let finish: FinishReason | undefined
  try {
    for (let next = first; next.done !== true; next = await chunks.next()) {
      if (sink.gone()) return { how: 'left' }
      const chunk = next.value
      const rest = meter.beyond(chunk, answer.end().usage)
      if (rest !== undefined) {
        const [choice] = chunk.choices
        const last: ChatChunk = {
          ...chunk,
          choices: [{ index: choice.index, delta: rest, finish_reason: 'length' }],
        }
        meter.delivered(last)
        sink.send(JSON.stringify(last))
        return { how: 'cut', finish: 'length' }
      }
      finish = chunk.choices[0].finish_reason ?? finish
      meter.delivered(chunk)
      sink.send(JSON.stringify(chunk))
      meter.checkpoint()
      await sink.room(stop.signal)
    }
    return { how: 'whole', finish }
  } catch (error) {
    return sink.gone() ? { how: 'left' } : { how: 'broken', error }
  } finally {
    // Stops the upstream wherever it is; after the end it does nothing.
    await chunks.return?.()
  }
}
